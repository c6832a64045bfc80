/** What the synthesised templates ask the local house for, every name resolved. */

export interface KeyAttribute {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

export interface TablePlan {
  readonly name: string;
  readonly keySchema: readonly KeyAttribute[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  readonly indexes: readonly {
    readonly IndexName: string;
    readonly KeySchema: readonly KeyAttribute[];
    readonly Projection: {
      readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
      readonly NonKeyAttributes?: readonly string[] | undefined;
    };
  }[];
  readonly streamView: 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY' | null;
  readonly expiryAttribute: string | null;
}

export interface QueuePlan {
  readonly name: string;
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly deadLetter: { readonly queueName: string; readonly receivesMax: number } | null;
}

export interface FunctionPlan {
  readonly name: string;
  /** Folder under functions/. */
  readonly room: string;
  /** Which export of the room's handler.ts answers. */
  readonly handlerExport: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** How an asynchronous invocation that failed goes on. */
  readonly asynchronous: AsynchronousPlan;
}

export interface AsynchronousPlan {
  readonly retriesMax: number;
  readonly eventAgeSecondsMax: number;
  readonly onFailureQueue: string | null;
}

/** Messages of a queue handed to a function. */
export interface LanePlan {
  readonly functionName: string;
  readonly queueName: string;
  readonly batchSize: number;
  readonly concurrencyMax: number | null;
  readonly reportsItemFailures: boolean;
}

/** Changes of a table handed to a function. */
export interface StreamPlan {
  readonly functionName: string;
  readonly tableName: string;
  readonly batchSize: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly bisectsOnError: boolean;
  /** -1: until the record is too old. */
  readonly retriesMax: number;
  /** -1: a day, as long as the stream keeps it. */
  readonly recordAgeSecondsMax: number;
  readonly reportsItemFailures: boolean;
  readonly onFailureQueue: string | null;
  /** A record is handed over when one of them matches; empty: every record. */
  readonly filters: readonly EventPattern[];
}

export interface SchedulePlan {
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly functionName: string;
  /** The target's input, its context variables not yet filled in; null: the scheduler's own event. */
  readonly input: string | null;
}

/** An event pattern as EventBridge has it. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** What a target gets instead of the event. */
export interface TargetInput {
  readonly template: string;
  /** Paths into the event, by the name that stands for them in angle brackets in the template. */
  readonly paths: Readonly<Record<string, string>>;
}

export type RuleTarget =
  | { readonly kind: 'function'; readonly functionName: string; readonly input: TargetInput | null }
  | {
      readonly kind: 'queue';
      readonly queueName: string;
      readonly groupId: string | null;
      readonly input: TargetInput | null;
    }
  /** A topic or a log group: at home nobody listens. */
  | { readonly kind: 'notice'; readonly arn: string };

export interface RulePlan {
  readonly name: string;
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly targets: readonly RuleTarget[];
}

export interface ThrottlePlan {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface AuthorizerPlan {
  readonly issuer: string;
  readonly audience: readonly string[];
}

export interface RoutePlan {
  /** Such as "GET /api/v1/orders/{client_order_id}" or "$default". */
  readonly key: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  /** Null: open to anybody. */
  readonly authorizer: AuthorizerPlan | null;
  readonly scopes: readonly string[];
  readonly throttle: ThrottlePlan | null;
}

export interface CorsPlan {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
}

export interface ApiPlan {
  readonly routes: readonly RoutePlan[];
  readonly cors: CorsPlan | null;
}

export interface HousePlan {
  readonly tables: readonly TablePlan[];
  readonly queues: readonly QueuePlan[];
  readonly functions: readonly FunctionPlan[];
  readonly lanes: readonly LanePlan[];
  readonly streams: readonly StreamPlan[];
  readonly schedules: readonly SchedulePlan[];
  /** Groups that functions may make one-off schedules in. */
  readonly scheduleGroups: readonly string[];
  readonly buses: readonly string[];
  readonly rules: readonly RulePlan[];
  /** Secrets by the name that the template gives them. */
  readonly secrets: readonly { readonly name: string; readonly arn: string }[];
  readonly api: ApiPlan;
}
