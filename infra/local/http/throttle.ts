/** API Gateway's throttle: a bucket that fills steadily and holds a burst. */
import type { ThrottlePlan } from '#infra/local/template/house-plan.ts';

export class TokenBucket {
  readonly #plan: ThrottlePlan;
  #tokens: number;
  #filledAtMs: number;

  constructor(plan: ThrottlePlan, nowMs: number) {
    this.#plan = plan;
    this.#tokens = plan.burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes one token; false when the bucket is empty. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#plan.requestsPerSecond;
    this.#tokens = Math.min(this.#plan.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
