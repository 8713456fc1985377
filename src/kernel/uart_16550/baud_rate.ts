/**
 * The arithmetic of crystal, divisor and baud rate, as the uart_16550 crate 0.6.0 does it.
 *
 * Source: the crate's `spec` module, `calc_baud_rate`, `calc_frequency`, `calc_divisor`. Differs: a refusal is a value. Where the
 * crate panics in a debug build (a zero, a factor beyond 15, a product that no u32 holds) this throws with the same words.
 *
 * @module
 */

import { UartError } from "./errors.ts";

const optionDebug = (value: number | null): string =>
  value === null ? "None" : `Some(${value})`;

function check(frequency: number, divisor: number, what: string): void {
  if (frequency === 0) throw new RangeError("frequency must be non-zero");
  if (divisor === 0) throw new RangeError(`${what} must be non-zero`);
}

function checkPrescaler(factor: number | null): void {
  if (factor === null || factor <= 0xf) return;
  throw new RangeError(
    `prescaler_division_factor must fit in a nibble (0..=15), got ${
      optionDebug(factor)
    }`,
  );
}

/** A product as the crate's u32 holds it. */
function u32Product(...factors: number[]): number {
  const product = factors.reduce((a, b) => a * b);
  if (product <= 0xffff_ffff) return product;
  throw new RangeError("attempt to multiply with overflow");
}

/** Gives frequency ÷ (16 × (factor + 1) × divisor), or `null` if that is no whole number. */
function divide(
  frequency: number,
  divisor: number,
  factor: number | null,
): number | null {
  const quotient = frequency / u32Product(16, (factor ?? 0) + 1, divisor);
  return Number.isInteger(quotient) ? quotient : null;
}

/**
 * The baud rate that a divisor gives.
 *
 * @param frequency of the crystal, Hz
 * @param divisor of the divisor latch
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns bits per second, or a refusal if that is no whole number
 * @throws {RangeError} as the crate panics: on a zero, a factor beyond 15, or an overflow of 32 bits
 */
export function calcBaudRate(
  frequency: number,
  divisor: number,
  prescalerDivisionFactor: number | null = null,
): number | UartError {
  check(frequency, divisor, "divisor");
  checkPrescaler(prescalerDivisionFactor);
  const rate = divide(frequency, divisor, prescalerDivisionFactor);
  if (rate !== null) return rate;
  const factor = optionDebug(prescalerDivisionFactor);
  return new UartError(
    "non-integer-baud-rate",
    `NonIntegerBaudRateError { frequency: ${frequency}, divisor: ${divisor}, prescaler_division_factor: ${factor} }`,
    `Input values do not result in even (integer representable) baud rate! frequency=${frequency}, divisor=${divisor}, prescaler_division_factor=${factor}`,
  );
}

/**
 * The crystal that gives a baud rate with a divisor.
 *
 * @param baudRate bits per second
 * @param divisor of the divisor latch
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns Hz
 * @throws {RangeError} as the crate panics: on a zero, a factor beyond 15, or an overflow of 32 bits
 */
export function calcFrequency(
  baudRate: number,
  divisor: number,
  prescalerDivisionFactor: number | null = null,
): number {
  if (divisor === 0) throw new RangeError("divisor must be non-zero");
  if (baudRate === 0) throw new RangeError("baud_rate must be non-zero");
  checkPrescaler(prescalerDivisionFactor);
  return u32Product(
    baudRate,
    16,
    (prescalerDivisionFactor ?? 0) + 1,
    divisor,
  );
}

/**
 * The divisor that gives a baud rate.
 *
 * @param frequency of the crystal, Hz
 * @param baudRate bits per second
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns the divisor, or a refusal if it is no whole number
 * @throws {RangeError} as the crate panics: on a zero, a factor beyond 15, an overflow of 32 bits, or a divisor beyond 65,535
 */
export function calcDivisor(
  frequency: number,
  baudRate: number,
  prescalerDivisionFactor: number | null = null,
): number | UartError {
  check(frequency, baudRate, "baud_rate");
  checkPrescaler(prescalerDivisionFactor);
  const divisor = divide(frequency, baudRate, prescalerDivisionFactor);
  if (divisor === null) {
    const factor = optionDebug(prescalerDivisionFactor);
    return new UartError(
      "non-integer-divisor",
      `NonIntegerDivisorError { frequency: ${frequency}, baud_rate: ${baudRate}, prescaler_division_factor: ${factor} }`,
      `input values do not result in even (integer representable) baud rate! frequency=${frequency}, baud_rate=${baudRate}, prescaler_division_factor=${factor}`,
    );
  }
  if (divisor > 0xffff) {
    throw new RangeError(
      "called `Result::unwrap()` on an `Err` value: TryFromIntError(())",
    );
  }
  return divisor;
}
