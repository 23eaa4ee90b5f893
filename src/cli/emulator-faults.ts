/** What `receiptd emulator` is told to get wrong: `--fault`, `--faults` and `--seed`. */
import { FAULT_GRAMMAR, type FaultRule, parseFaultRule, readFaultFile } from '../emulator/index.js';

export interface FaultFlags {
  fault: FaultRule[];
  /** A file of rules. */
  faults?: string;
  seed?: number;
}

export const FAULT_HELP = `
Faults are deterministic: with the same seed the same requests in the same order meet the same faults.
  --fault ${FAULT_GRAMMAR}
    OPERATION  an MNS operation (BatchReceiveMessage, BatchDeleteMessage …), QueryTokenForMnsQueue, or * for all
    KIND       error/STATUS/CODE      refused, without effect            error/429/TooManyRequests
               latency/MS             answered later, or MIN-MAX         latency/20-200
               reset                  connection reset, without effect
               lost                   took effect, then reset: the answer is lost
               hang                   no effect and no answer, until the client gives up
               half                   batch delete: every second handle fails, the others are deleted
               duplicate              receive: the messages are delivered twice, even if deleted
               expired-token          the token stops working; of the token call: it is dead already
    RATE       share of the calls, 0 to 1; all of them if left out
    COUNT      so many times at most
  --faults FILE holds a list of such lines, or of objects as {operation, queue, rate, count, kind, status, code, ms},
  in YAML or JSON; or {seed: N, faults: [...]}.
Examples:
  receiptd emulator --fault BatchDeleteMessage=half:0.1 --fault '*=latency/20-200' --seed 7
  receiptd emulator --fault QueryTokenForMnsQueue=error/503/ServiceUnavailable#3
A running emulator is steered over HTTP, e.g.
  curl -X POST http://127.0.0.1:8099/_emulator/faults -d '{"faults":["ReceiveMessage=duplicate:0.05"],"replace":true}'
  curl -X POST http://127.0.0.1:8099/_emulator/settings -d '{"clockOffset":-3600000,"tokenLife":60,"maxTps":100}'`;

/** For commander. @throws {UsageError} with the grammar */
export function collectFault(value: string, previous: FaultRule[]): FaultRule[] {
  return [...previous, parseFaultRule(value)];
}

/** The rules of the file, then those of the flags; a seed given as a flag counts before the file's. */
export function faultOptions(flags: FaultFlags): { faults: FaultRule[]; seed?: number } {
  const file = flags.faults === undefined ? undefined : readFaultFile(flags.faults);
  const seed = flags.seed ?? file?.seed;
  return { faults: [...(file?.faults ?? []), ...flags.fault], ...(seed !== undefined && { seed }) };
}
