/**
 * What looks like a number but is none, and then, if it is none of those, digits in groups: 13800138000, 138-0013-8000,
 * 86 138 0013 8000. A group has two digits at least, so that a list of small numbers is left alone.
 */
const DATE = /(?<![\d-])(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d-])/;
const TIME = /(?<!\d)\d\d:\d\d:\d\d(?!\d)/;
const UUID = /(?<!\w)[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?!\w)/;
/** Figures of full width as well, as Chinese keyboards have them. */
const GROUPS = /[\d０-９]{2,}(?:[ -][\d０-９]{2,})*/;
const CANDIDATE = new RegExp(
  `(${[DATE, TIME, UUID].map(({ source }) => source).join('|')})|${GROUPS.source}`,
  'gi',
);

/** Fewer digits than this are no phone number. */
const LEAST_DIGITS = 7;

/**
 * Hides phone numbers in text that leaves through logs and pages: of seven digits or more, in one run or in groups
 * joined by single spaces or hyphens, the middle becomes asterisks; the ends stay so that a person can still tell two
 * apart. Rather masks a number too many than one too few.
 */
export function maskPhones(text: string): string {
  return text.replace(CANDIDATE, (found, harmless?: string) => {
    return harmless === undefined ? hidden(found) : found;
  });
}

/** A mobile number of China, however it is set off: 13800138000, +86 138-0013-8000, (138)0013.8000 */
const MOBILE =
  /(?<![\d０-９])(?:[0０]{0,2}[8８][6６][ -]?)?[1１][3-9３-９][\d０-９][ .)-]{0,2}[\d０-９]{4}[ .-]?[\d０-９]{4}(?![\d０-９])/g;

/** Hides in an id, which digits belong to, what is a mobile number of China, and nothing else. */
export function maskMobiles(text: string): string {
  return text.replace(MOBILE, hidden);
}

function hidden(number: string): string {
  const digits = number.replace(/[^\d０-９]/g, '');
  return digits.length < LEAST_DIGITS ? number : `${digits.slice(0, 3)}****${digits.slice(-2)}`;
}
