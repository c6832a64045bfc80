/** The SDK announces, on every start, that it will leave Node 20; the lock file holds it to a version that has not. */
export const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' } as const;
