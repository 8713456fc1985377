import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/cpu-exceptions.json" with { type: "json" };
import {
  combine,
  decodeSelectorError,
  type ExceptionClass,
  exceptionClass,
  exceptionInfo,
  exceptionVectorDebug,
  formatVector,
  gateErrorCode,
  pageFaultErrorDebug,
  PF_P,
  PF_W,
  pushesErrorCode,
  selectorErrorCode,
  selectorErrorDebug,
  VECTOR_BP,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_FIRST_INTERRUPT,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_PF,
} from "./exception.ts";

// Where the vectors follow the AMD manual, SDM 3A "Interrupt and Exception
// Classes" decides: #VE(20) is a page fault there and #CP(21) contributory.
const SDM_CLASS: Record<number, ExceptionClass> = {
  20: "page-fault",
  21: "contributory",
};

Deno.test("cpu-exceptions.json runs whole but for what the CPU does", () => {
  const rows: Record<string, number> = {};
  const run = (key: keyof typeof v, count: number, body: () => void) => {
    body();
    rows[key] = count;
  };
  run("exceptions", v.exceptions.length, () => {
    for (const row of v.exceptions) {
      const [vector, field, , pushes, text] = row as [
        number,
        string,
        string,
        boolean,
        string,
      ];
      const info = exceptionInfo(vector);
      assertEquals(info?.vector, vector);
      assertEquals(info?.field, field.replace("(private) ", ""));
      assertEquals(pushesErrorCode(vector), pushes, `vector ${vector}`);
      assertEquals(
        exceptionClass(vector),
        SDM_CLASS[vector] ?? text.replace(" ", "-"),
      );
    }
  });
  run("reserved_vectors", v.reserved_vectors.length, () => {
    for (const vector of v.reserved_vectors) {
      assertEquals(exceptionInfo(vector), null);
      assertEquals(exceptionVectorDebug(vector), null);
      assertEquals(pushesErrorCode(vector), false);
      assertEquals(exceptionClass(vector), "benign");
    }
    assertEquals(v.exceptions.length + v.reserved_vectors.length, 32);
  });
  run("interrupt_vectors", 2, () => {
    const [first, last] = v.interrupt_vectors as [number, number];
    assertEquals([first, last], [VECTOR_FIRST_INTERRUPT, 255]);
    for (let vector = first; vector <= last; vector++) {
      assertEquals(exceptionInfo(vector), null);
      assertEquals(exceptionClass(vector), "benign");
      assertEquals(pushesErrorCode(vector), false);
    }
  });
  run("double_fault_error_code", 1, () => {
    assertEquals(v.double_fault_error_code, 0);
    assert(pushesErrorCode(VECTOR_DF));
  });
  run("pairs_that_double_fault", v.pairs_that_double_fault.length, () => {
    // The whole square over the vectors that both manuals class alike.
    const alike = v.exceptions.map((row) => row[0] as number)
      .filter((vector) => vector !== VECTOR_DF && !(vector in SDM_CLASS));
    for (const first of [...alike, 33]) {
      for (const second of alike) {
        const listed = v.pairs_that_double_fault.some((pair) =>
          pair.first.includes(first) && pair.second.includes(second)
        ) ||
          (first === 0 || first === 14 || [10, 11, 12, 13].includes(first)) &&
            second === VECTOR_DE;
        assertEquals(
          combine(first, second),
          listed ? "double-fault" : "serial",
          `${first} then ${second}`,
        );
      }
    }
  });
  run(
    "any_contributory_or_page_fault_while_delivering_a_double_fault",
    1,
    () => {
      for (let second = 0; second < 32; second++) {
        const benign = exceptionClass(second) === "benign";
        assertEquals(
          combine(VECTOR_DF, second),
          benign ? "serial" : "shutdown",
        );
      }
    },
  );
  run("pair_examples", v.pair_examples.length, () => {
    const outcomes = [
      combine(VECTOR_BP, VECTOR_PF),
      combine(VECTOR_PF, VECTOR_PF),
      combine(VECTOR_DE, VECTOR_PF),
      combine(VECTOR_DE, VECTOR_GP),
      combine(VECTOR_PF, VECTOR_NP),
      // The timer's missing gate raises #NP, whose gate is missing too.
      combine(32, VECTOR_NP) + ", " + combine(VECTOR_NP, VECTOR_NP),
      combine(VECTOR_PF, VECTOR_PF) + ", " + combine(VECTOR_DF, VECTOR_PF),
      combine(VECTOR_PF, VECTOR_PF),
    ];
    assertEquals(outcomes, [
      "serial",
      "double-fault",
      "serial",
      "double-fault",
      "double-fault",
      "serial, double-fault",
      "double-fault, shutdown",
      "double-fault",
    ]);
    assertEquals(combine(VECTOR_PF, VECTOR_GP), "double-fault");
  });
  run("page_fault_error_codes_of_post_08", 3, () => {
    const codes = v.page_fault_error_codes_of_post_08
      .map((row) => row.error_code);
    assertEquals(codes, [PF_W, PF_P | PF_W, null]);
    assertEquals(
      codes.slice(0, 2).map((code) => pageFaultErrorDebug(code!)),
      [
        "PageFaultErrorCode(CAUSED_BY_WRITE)",
        "PageFaultErrorCode(PROTECTION_VIOLATION | CAUSED_BY_WRITE)",
      ],
    );
  });

  assertEquals(rows, {
    exceptions: 24,
    reserved_vectors: 8,
    interrupt_vectors: 2,
    double_fault_error_code: 1,
    pairs_that_double_fault: 2,
    any_contributory_or_page_fault_while_delivering_a_double_fault: 1,
    pair_examples: 8,
    page_fault_error_codes_of_post_08: 3,
  });
  const leftOut: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    gate_rules: "run by the CPU's interrupt delivery",
    stack_frame_push_order: "run by the CPU's interrupt delivery",
    stack_frame_bytes: "stack_frame_test.ts",
    irq_vectors: "run by the kernel's interrupts",
  };
  for (const key of Object.keys(v)) {
    assert(key in rows !== key in leftOut, `key ${key}`);
  }
});

Deno.test("gateErrorCode() has the form of cpu-exceptions.json's gate_rules", () => {
  assertEquals(v.gate_rules.all_zero_entry.includes("same form"), true);
  assertEquals(gateErrorCode(14, 0), 14 << 3 | 2);
  assertEquals(gateErrorCode(33, 1), 33 << 3 | 3);
});

Deno.test("selectorErrorCode() drops the RPL and is read back", () => {
  assertEquals(selectorErrorCode(0x13, 0), 0x10);
  fc.assert(fc.property(fc.nat(0xffff), fc.boolean(), (selector, external) => {
    const error = decodeSelectorError(
      selectorErrorCode(selector, external ? 1 : 0),
    );
    assertEquals(error, {
      external,
      table: (selector & 4) === 0 ? "Gdt" : "Ldt",
      index: selector >> 3,
    });
  }));
});

Deno.test("combine() has the manual's table over the four classes", () => {
  // SDM 3A, "Conditions for Generating a Double Fault".
  const representative = { benign: 3, contributory: 13, "page-fault": 14 };
  const table = {
    benign: ["serial", "serial", "serial"],
    contributory: ["serial", "double-fault", "serial"],
    "page-fault": ["serial", "double-fault", "double-fault"],
    "double-fault": ["serial", "shutdown", "shutdown"],
  };
  for (const [first, row] of Object.entries(table)) {
    const vector = { ...representative, "double-fault": 8 }[first]!;
    assertEquals(
      Object.values(representative).map((second) => combine(vector, second)),
      row as string[],
    );
  }
  // #CP(21) is contributory and #VE(20) a page fault, with Intel.
  assertEquals(combine(13, 21), "double-fault");
  assertEquals(combine(20, 14), "double-fault");
  assertEquals(combine(13, 20), "serial");
});

Deno.test("formatVector() names exceptions and numbers the rest", () => {
  assertEquals(formatVector(14), "#PF(14)");
  assertEquals(formatVector(2), "NMI(2)");
  assertEquals(formatVector(15), "vector 15");
  assertEquals(formatVector(33), "vector 33");
  assertEquals(
    selectorErrorDebug({ external: false, table: "Gdt", index: 2 }),
    "Selector Error { external: false, descriptor table: Gdt, index: 2 }",
  );
});
