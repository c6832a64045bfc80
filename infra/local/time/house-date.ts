/**
 * A Date that shows another time than the machine's. Only Date is replaced: timers stay real, so that sockets, deadlines
 * and retries work as ever. A day makes millions of Dates, so this one costs no more than the machine's own.
 */

const MachineDate = globalThis.Date;

/**
 * Replaces the global Date by one whose now is given. Dates made before and after are of one kind.
 * @returns what puts the machine's own back.
 */
export function replaceDate(nowMs: () => number): () => void {
  function HouseDate(...given: readonly unknown[]): Date | string {
    if (new.target === undefined) return new MachineDate(nowMs()).toString();
    const args = given.length === 0 ? [nowMs()] : given;
    const [only] = args;
    // By far the most frequent: an instant, of a plain Date.
    if (args.length === 1 && typeof only === 'number' && new.target === HouseDate) return new MachineDate(only);
    const kind: unknown = new.target === HouseDate ? MachineDate : new.target;
    const made: unknown = Reflect.construct(MachineDate, args, typeof kind === 'function' ? kind : MachineDate);
    return made instanceof MachineDate ? made : '';
  }
  HouseDate.now = nowMs;
  HouseDate.UTC = MachineDate.UTC;
  HouseDate.parse = MachineDate.parse;
  Object.defineProperty(HouseDate, 'prototype', { value: MachineDate.prototype });
  Object.defineProperty(HouseDate, 'name', { value: 'Date' });
  install(HouseDate);
  return () => install(MachineDate);
}

const install = (value: unknown): void => {
  Object.defineProperty(globalThis, 'Date', { value, writable: true, configurable: true, enumerable: false });
};
