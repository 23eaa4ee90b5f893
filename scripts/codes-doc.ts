/** The last section of docs/receipts.md: what status and error codes mean, from the tables that `reasonOf` reads. */
import { meaningsOf, type ReasonTableName } from '../src/receipts/normalize/reasons/index.js';

/** Where receipts have the codes of a table. */
const FIELDS: Readonly<Record<ReasonTableName, string>> = {
  err_code:
    '`err_code` of SmsReport and DypnsSmsVerifyReport, `error_code` of GlobeSmsReport, `ErrorCode` of SmsReport on the ' +
    'international site, `code` of SecretSmsIntercept',
  intl_status: '`Status` of SmsReport on the international site, `status` of GlobeSmsReport',
  status_code:
    '`status_code` of voice receipts, `statusCode` of AlicomAgentCallReport, `code` of RobotCallReportAiccs',
  smart_status_code: '`smart_status_code` of voice receipts, `smartStatusCode` of AlicomAgentCallReport',
  release_cause: '`release_cause` of SecretReport: ITU-T Q.850',
  unconnected_cause: '`unconnected_cause` of SecretStartReport and SecretReport',
  control_msg: '`control_msg` of SecretStartReport and SecretReport',
  chatapp_status: '`Status` of ChatAppStatus',
  flow_err_code: '`err_code` of FlowReport',
};

const INTRO = `## Codes

What \`reason\` of the normalized view says, and \`reasonOf('<table>', code)\`. Case does not matter. Of a code that is not here, such
as one of a carrier's own, it says what the receipt says, in whatever language that is.
`;

export function codesDoc(): string {
  const names = Object.keys(FIELDS) as ReasonTableName[];
  return [INTRO, ...names.map(tableSection)].join('\n');
}

function tableSection(name: ReasonTableName): string {
  const entries = Object.entries(meaningsOf(name));
  // Of objects with such keys no other order can be relied on.
  if (entries.every(([code]) => /^\d/.test(code))) {
    entries.sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }
  const rows = entries.map(([code, [zh, en]]) => `| \`${code}\` | ${zh} | ${en} |`);
  return [
    `### ${name}\n`,
    `${FIELDS[name]}.\n`,
    '| code | 中文 | English |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
