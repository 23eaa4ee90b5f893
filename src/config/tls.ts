/** The files of a TLS connection, in every place that has one. */
import * as z from 'zod';
import { filePath, must, whenSound } from './rules.js';

/** @param peer whom receiptd connects to, in one word */
export function tlsFiles(peer: string) {
  return z
    .strictObject({
      ca: filePath.optional().describe('PEM file with the authorities to trust instead of the usual ones'),
      cert: filePath.optional().describe("PEM file with receiptd's own certificate, for mutual TLS"),
      key: filePath.optional().describe('PEM file with the key of tls.cert'),
      verify: z
        .boolean({ error: must('be true or false') })
        .default(true)
        .describe(`Whether the ${peer}'s certificate is checked`),
    })
    .superRefine(
      (given, issues) => {
        for (const [one, other] of [
          ['cert', 'key'],
          ['key', 'cert'],
        ] as const)
          if (given[one] !== undefined && given[other] === undefined)
            issues.addIssue({ code: 'custom', path: [other], message: `is required with tls.${one}` });
      },
      whenSound('ca', 'cert', 'key', 'verify'),
    );
}
