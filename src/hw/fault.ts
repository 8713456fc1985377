/**
 * An architectural fault on its way from the place where it is found to the place where it is delivered.
 *
 * It is thrown inside the machine only, never at its user, and there is one object per machine, filled anew each time:
 * faults are ordinary events to a kernel, and neither a stack trace nor garbage belongs to one.
 *
 * @module
 */

import { VECTOR_GP, VECTOR_PF, VECTOR_SS } from "./exception.ts";

/** No error code is pushed. */
export const NO_ERROR_CODE: number = -1;

/** What went wrong. */
export class Fault {
  /** The exception's vector. */
  vector = 0;
  /** The error code, or {@linkcode NO_ERROR_CODE}. */
  errorCode: number = NO_ERROR_CODE;
  /** The linear address of a page fault. */
  cr2 = 0;

  /** Throws #PF(14). */
  page(errorCode: number, address: number): never {
    this.vector = VECTOR_PF;
    this.errorCode = errorCode;
    this.cr2 = address;
    throw this;
  }

  /** Throws #GP(13). */
  protection(errorCode: number): never {
    this.vector = VECTOR_GP;
    this.errorCode = errorCode;
    throw this;
  }

  /** Throws #SS(12). */
  stack(errorCode: number): never {
    this.vector = VECTOR_SS;
    this.errorCode = errorCode;
    throw this;
  }

  /** Throws an exception of any vector. */
  raise(vector: number, errorCode: number = NO_ERROR_CODE): never {
    this.vector = vector;
    this.errorCode = errorCode;
    throw this;
  }
}
