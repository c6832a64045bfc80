import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  StandardThreatProtectionMode,
  UserPool,
  type UserPoolClient,
  UserPoolGroup,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { EnvironmentDescription } from '#infra/environments.ts';

/** The roles that a person can have, as groups of the user pool, weakest first. */
const ROLES = ['viewer', 'trader', 'operator', 'admin'] as const;

/**
 * The people who may use the house. Nobody signs up: an administrator makes each user. Tokens last an hour, so that a
 * role taken away is gone within one.
 */
export class People extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, props: { readonly environment: EnvironmentDescription }) {
    super(scope, id);
    const { environment } = props;
    this.pool = new UserPool(this, 'Pool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      featurePlan: FeaturePlan.PLUS,
      standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      deletionProtection: environment.keepsState,
      removalPolicy: environment.keepsState ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.client = this.pool.addClient('Client', {
      authFlows: { userSrp: true },
      disableOAuth: true,
      generateSecret: false,
      preventUserExistenceErrors: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(1),
    });
    for (const [index, role] of ROLES.entries()) {
      new UserPoolGroup(this, `Role-${role}`, {
        userPool: this.pool,
        groupName: role,
        // The lowest precedence wins where somebody has several roles.
        precedence: ROLES.length - index,
      });
    }
    new CfnOutput(this, 'UserPoolId', { value: this.pool.userPoolId, description: 'Where people sign in' });
    new CfnOutput(this, 'UserPoolClientId', {
      value: this.client.userPoolClientId,
      description: 'What signs them in',
    });
  }
}
