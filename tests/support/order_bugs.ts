/**
 * One wrong order for each primitive, and the right one beside it: what the main code does, what an interrupt's handler does,
 * and the law that both must keep wherever the interrupt falls.
 *
 * @module
 */

import {
  ArrayQueue,
  arrayQueueState,
  AtomicWaker,
  Lazy,
  Once,
  OnceCell,
  SpinMutex,
  type SyncEnv,
} from "../../src/kernel/sync/mod.ts";

/** A run and the law that it must keep. */
export interface Scenario {
  /** The main code. */
  main(): void;
  /** The interrupt's handler. */
  handler(): void;
  /** What is broken afterwards, or `null`. */
  broken(): string | null;
}

/** Builds a scenario anew over a CPU's boundaries. */
export type MakeScenario = (env: SyncEnv) => Scenario;

/** A primitive used rightly, and with two steps exchanged. */
export interface Orders {
  readonly right: MakeScenario;
  readonly planted: MakeScenario;
}

const pair = (right: MakeScenario, planted: MakeScenario): Orders => ({
  right,
  planted,
});

/** Builds a value in the main code and in the handler: once in all. */
const built =
  (make: (env: SyncEnv, build: () => number) => () => number) =>
  (env: SyncEnv): Scenario => {
    let runs = 0;
    const seen: number[] = [];
    const get = make(env, () => {
      env.boundary();
      return ++runs;
    });
    const use = () => void seen.push(get());
    return {
      main: use,
      handler: use,
      broken: () =>
        runs === 1 && seen.every((value) => value === 1) ? null : "built twice",
    };
  };

/** How a consumer waits and a handler feeds it. */
interface Stream {
  /** Returns a value, or `null` for "pending". */
  poll(queue: ArrayQueue<number>, waker: AtomicWaker): number | null;
  /** What the handler does. */
  add(queue: ArrayQueue<number>, waker: AtomicWaker): void;
}

const RIGHT: Stream = {
  poll(queue, waker) {
    const value = queue.pop();
    if (value !== null) return value;
    waker.register(1);
    const late = queue.pop();
    if (late !== null) waker.take();
    return late;
  },
  add(queue, waker) {
    if (queue.push(9)) waker.wake();
  },
};

/** Whoever is pending with a value in the queue must have been woken. */
const stream =
  (form: Stream, where: "main polls" | "main adds") =>
  (env: SyncEnv): Scenario => {
    let woken = 0;
    const queue = new ArrayQueue<number>(env, "Q", arrayQueueState(4));
    const waker = new AtomicWaker(env, () => woken += 1);
    let [result, added]: [number | null, boolean] = [null, false];
    const poll = () => void (result = form.poll(queue, waker));
    const add = () => {
      form.add(queue, waker);
      added = true;
    };
    const [main, handler] = where === "main polls" ? [poll, add] : [add, poll];
    return {
      main,
      handler,
      broken: () =>
        result === null && added && woken === 0
          ? "asleep with a value in the queue"
          : null,
    };
  };

function mutex(): Orders {
  const scenario =
    (add: (mutex: SpinMutex<{ sum: number }>, env: SyncEnv) => boolean) =>
    (env: SyncEnv): Scenario => {
      const mutex = new SpinMutex(env, "M", { sum: 0 });
      let added = 0;
      const act = () => {
        if (add(mutex, env)) added += 1;
      };
      return {
        main: act,
        handler: act,
        broken: () => mutex.data.sum === added ? null : "an addition is lost",
      };
    };
  return pair(
    scenario((mutex, env) => {
      if (!mutex.tryLock()) return false;
      const { sum } = mutex.data;
      env.boundary();
      mutex.data.sum = sum + 1;
      mutex.unlock();
      return true;
    }),
    scenario((mutex) => {
      const { sum } = mutex.data;
      if (!mutex.tryLock()) return false;
      mutex.data.sum = sum + 1;
      mutex.unlock();
      return true;
    }),
  );
}

function once(): Orders {
  return pair(
    built((env, build) => {
      const once = new Once<number>(env, "O");
      return () => once.callOnce(build);
    }),
    built((env, build) => {
      let [done, value] = [false, 0];
      return () => {
        env.boundary();
        if (!done) value = build();
        done = true;
        return value;
      };
    }),
  );
}

function lazy(): Orders {
  return pair(
    built((env, build) => {
      const lazy = new Lazy(env, "L", build);
      return () => lazy.get();
    }),
    built((env, build) => {
      let value: number | null = null;
      return () => {
        env.boundary();
        if (value === null) {
          const fresh = build();
          env.boundary();
          value = fresh;
        }
        return value;
      };
    }),
  );
}

function cell(): Orders {
  const scenario =
    (make: (env: SyncEnv) => { init(): void; get(): number | null }) =>
    (env: SyncEnv): Scenario => {
      const cell = make(env);
      let wrong: string | null = null;
      return {
        main: () => cell.init(),
        handler() {
          const value = cell.get();
          if (value !== null && value !== 42) wrong = `read ${value}`;
        },
        broken: () => wrong,
      };
    };
  return pair(
    scenario((env) => {
      const cell = new OnceCell<number>(env, "C");
      return {
        init: () => cell.initOnce(() => 42),
        get() {
          const got = cell.tryGet();
          return "value" in got ? got.value : null;
        },
      };
    }),
    scenario((env) => {
      let [ready, value] = [false, 0];
      return {
        init() {
          env.boundary();
          ready = true;
          env.boundary();
          value = 42;
        },
        get: () => ready ? value : null,
      };
    }),
  );
}

function queue(): Orders {
  const scenario = (
    make: (env: SyncEnv) => Pick<ArrayQueue<number>, "push" | "pop">,
  ) =>
  (env: SyncEnv): Scenario => {
    const queue = make(env);
    let popped: number | null | undefined = null;
    return {
      main: () => void queue.push(7),
      handler: () => void (popped = queue.pop()),
      broken: () => popped === null || popped === 7 ? null : `popped ${popped}`,
    };
  };
  return pair(
    scenario((env) => new ArrayQueue(env, "Q", arrayQueueState<number>(2))),
    scenario((env) => {
      const values: number[] = [];
      let [head, tail] = [0, 0];
      return {
        push(value) {
          env.boundary();
          tail += 1;
          env.boundary();
          values[tail - 1] = value;
          return true;
        },
        // `undefined` is what nobody has written yet.
        pop: () => head < tail ? values[head++]! : null,
      };
    }),
  );
}

function registersLate(): Orders {
  const late: Stream = {
    ...RIGHT,
    poll(queue, waker) {
      const value = queue.pop() ?? queue.pop();
      if (value === null) waker.register(1);
      return value;
    },
  };
  return pair(stream(RIGHT, "main polls"), stream(late, "main polls"));
}

function wakesEarly(): Orders {
  const early: Stream = {
    ...RIGHT,
    add(queue, waker) {
      waker.wake();
      queue.push(9);
    },
  };
  return pair(stream(RIGHT, "main adds"), stream(early, "main adds"));
}

/** By primitive and bug. */
export const ORDERS: Readonly<Record<string, Orders>> = {
  "mutex: data read before the lock is taken": mutex(),
  "once: marked as done only behind the builder": once(),
  "lazy: asked, then built without a claim": lazy(),
  "cell: said to be ready before the value is in it": cell(),
  "queue: stamped before the value is in the slot": queue(),
  "waker: registered after the second look": registersLate(),
  "waker: woken before the push": wakesEarly(),
};
