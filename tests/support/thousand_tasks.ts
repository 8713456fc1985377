/**
 * A kernel with a thousand tasks of ten kinds, each kind waiting for something else: keys, serial bytes, timer interrupts, a
 * sleep, a period, a value, room, a signal, a lock, and the first of many things before a limit. All that they do is folded
 * into one number of the kernel's state, in the order in which it is done.
 *
 * @module
 */

import type { Program } from "../../src/hw/hosted.ts";
import {
  coreState,
  defineKernel,
  Idt,
  idtState,
  interruptHandler,
  KernelTasks,
  kernelTasksState,
  keyboardHandler,
  Pics,
  timerHandler,
} from "../../src/kernel/mod.ts";
import { spinMutexState } from "../../src/kernel/sync/mod.ts";
import {
  Channel,
  channelState,
  type Context,
  type Future,
  join,
  type Kinds,
  NO_BYTE,
  PENDING,
  type Poll,
  READY,
  select,
  SerialStream,
  serialStreamState,
  Signal,
  signalState,
  sleep,
  TaskMutex,
  taskMutexState,
  ticks,
  TickStream,
  tickStreamState,
  timeout,
  type Wake,
  yieldNow,
} from "../../src/kernel/task/mod.ts";

/** How many tasks there are of each kind. */
export const TASKS: Readonly<Record<string, number>> = {
  keyboard: 1,
  serial: 1,
  interrupts: 1,
  sleeper: 170,
  ticker: 170,
  receiver: 170,
  sender: 170,
  waiter: 170,
  locker: 100,
  racer: 47,
};

/** Clks from one timer interrupt to the next: a millisecond. */
export const TICK_CLK = 119_300;
const PIT_DIVISOR = TICK_CLK / 100;
const COM1 = 0x3f8;
const COM1_VECTOR = 36;

/** A task that waits for the same thing again and again. */
interface Repeating extends Future {
  /** 0 to 999. */
  readonly number: number;
  /** How often it has had what it waits for. */
  rounds: number;
  /** What it waits for; `null` for tasks that read a stream. */
  wait: Future | null;
}

/** All that the kernel saves. */
export const thousandTasksState = () => ({
  ...coreState(),
  idt: idtState(),
  pics: spinMutexState(),
  tasks: kernelTasksState("Executor"),
  serialBytes: serialStreamState(),
  interrupts: tickStreamState(),
  keys: channelState<number>(64),
  room: channelState<number>(2),
  rung: signalState<number>(),
  raced: signalState<number>(),
  disk: taskMutexState(),
  /** What was done, folded. */
  sum: 0,
  /** Rounds of each kind. */
  rounds: {} as Record<string, number>,
});

/** The kernel's state. */
export type ThousandTasksState = ReturnType<typeof thousandTasksState>;

/** The kernel. */
export const thousandTasks: Program = defineKernel({
  id: "thousand-tasks",
  state: thousandTasksState,
  build(core, state) {
    const { cpu, env } = core;
    const wake: Wake = (task) => tasks.wake(task);
    const pics = new Pics(cpu, env, state.pics);
    const serial = new SerialStream(env, wake, state.serialBytes);
    const interrupts = new TickStream(env, wake, state.interrupts);
    const keys = new Channel("keys", env, wake, state.keys);
    const room = new Channel("room", env, wake, state.room);
    const rung = new Signal("rung", env, wake, state.rung);
    const raced = new Signal("raced", env, wake, state.raced);
    const disk = new TaskMutex("disk", env, wake, state.disk);

    const note = (task: Repeating, what: unknown): void => {
      const text = JSON.stringify([task.number, task.rounds, what ?? null]);
      for (let i = 0; i < text.length; i++) {
        state.sum = Math.imul(state.sum ^ text.charCodeAt(i), 0x0100_0193);
      }
      task.rounds += 1;
      state.rounds[task.kind] = (state.rounds[task.kind] ?? 0) + 1;
    };
    /** Some time, another one in each round. */
    const some = ({ number, rounds }: Repeating): number =>
      200_000 + (number * 7_919 + rounds * 104_729) % 2_000_000;
    const repeat = (make: (task: Repeating) => Future) =>
    (
      task: Repeating,
      context: Context,
    ): Poll => {
      for (;;) {
        task.wait ??= make(task);
        if (context.poll(task.wait) === PENDING) return PENDING;
        note(task, task.wait.output);
        task.wait = null;
      }
    };
    const read = (
      next: (context: Context) => number,
      none: number,
      act: (value: number) => void,
    ) =>
    (task: Repeating, context: Context): Poll => {
      for (;;) {
        const value = next(context);
        if (value === none) return PENDING;
        note(task, value);
        act(value);
      }
    };
    const kinds: Kinds = {
      ...keys.kinds,
      ...room.kinds,
      ...rung.kinds,
      ...raced.kinds,
      ...disk.kinds,
      keyboard: read(
        (context) => tasks.scancodes.pollNext(context),
        NO_BYTE,
        (byte) => {
          core.print(String.fromCharCode(0x21 + byte % 90));
          keys.trySend(byte);
        },
      ),
      serial: read(
        (context) => serial.pollNext(context),
        NO_BYTE,
        (byte) => rung.raise(byte),
      ),
      interrupts: read(
        (context) => interrupts.pollNext(context),
        0,
        (count) => {
          room.tryReceive();
          if (state.interrupts.total % 5 === 0) raced.raise(count);
        },
      ),
      sleeper: repeat((task) => sleep(some(task))),
      ticker(task: Repeating, context: Context): Poll {
        task.wait ??= ticks(some(task));
        while (context.poll(task.wait) === READY) note(task, task.wait.output);
        return PENDING;
      },
      receiver: repeat(() => keys.receive()),
      sender: repeat((task) => room.send(task.number)),
      waiter: repeat(() => rung.wait()),
      locker: repeat((task) => disk.during(sleep(some(task) >> 5))),
      racer: repeat((task) =>
        timeout(
          select([raced.wait(), join([sleep(some(task)), yieldNow()])]),
          some(task) >> 1,
        )
      ),
    };
    const tasks = new KernelTasks(core, state.tasks, () => kinds);
    const idt = new Idt(core, state.idt, [
      timerHandler(pics, () => interrupts.tick()),
      keyboardHandler(pics, (byte) => tasks.scancodes.addScancode(byte)),
      interruptHandler("serial_interrupt_handler", COM1_VECTOR, pics, () => {
        while ((cpu.in8(COM1 + 5) & 1) !== 0) serial.addByte(cpu.in8(COM1));
      }),
    ]);
    return {
      boot() {
        idt.init();
        pics.initialize();
        cpu.out8(0x21, cpu.in8(0x21) & ~0x10); // IRQ 4 is let through.
        cpu.out8(COM1 + 4, 0x0b); // DTR, RTS, OUT2: its interrupt leaves the chip.
        cpu.out8(COM1 + 1, 1); // For received bytes.
        cpu.out8(0x43, 0x34);
        cpu.out8(0x40, PIT_DIVISOR & 0xff);
        cpu.out8(0x40, PIT_DIVISOR >> 8);
        tasks.scancodes.open();
        cpu.sti();
        let number = 0;
        for (const [kind, count] of Object.entries(TASKS)) {
          for (let i = 0; i < count; i++) {
            const task: Repeating = { kind, number, rounds: 0, wait: null };
            tasks.spawn(task);
            number += 1;
          }
        }
      },
      loop: () => tasks.turn(),
      refuseSave: () => tasks.refuseSave(),
    };
  },
});
