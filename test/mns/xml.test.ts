import { expect, test } from 'vitest';
import { childText, readXml, XmlError } from '../../src/mns/xml.js';

test('elements, attributes, prefixes, comments, CDATA, empty elements', () => {
  const root = readXml(`\uFEFF<?xml version="1.0" ?>
    <!-- a <b> c -->
    <m:Root xmlns:m="http://x/>" a='"'>
      <m:A  b = "1" >one</m:A ><B/><C c="/"></C><D><![CDATA[<&]]> &lt;</D>
    </m:Root>`);
  expect(root.name).toBe('Root');
  expect(root.children.map(({ name, text }) => [name, text])).toEqual([
    ['A', 'one'],
    ['B', ''],
    ['C', ''],
    ['D', '<& <'],
  ]);
});

test('the text of a leaf is kept to the character', () => {
  expect(childText(readXml('<R><T>  a\r\n b </T></R>'), 'T')).toBe('  a\r\n b ');
});

test('the standard entities and character references, once', () => {
  const text = readXml('<R>&lt;&gt;&amp;&quot;&apos;&#65;&#x4e2d;&#X1F600;&amp;lt;</R>').text;
  expect(text).toBe('<>&"\'A中😀&lt;');
});

test('what is no entity stays as it is', () => {
  const text = '&nbsp;&xxe;& &#x110000;&#99999999;&LT;&__proto__;';
  expect(readXml(`<R>${text}</R>`).text).toBe(text);
});

test.each([
  ['nothing', ''],
  ['text', 'Bad gateway'],
  ['JSON', '{"Code":"x"}'],
  ['cut in the text', '<R><A>te'],
  ['cut in a tag', '<R><A'],
  ['cut in an attribute', '<R a="b'],
  ['cut in a closing tag', '<R><A>1</A></R'],
  ['cut in CDATA', '<R><![CDATA[ab]]'],
  ['cut in a comment', '<R><!-- '],
  ['a missing closing tag', '<R><A></R>'],
  ['crossed tags', '<R><A><B></A></B></R>'],
  ['closed too often', '<R></R></R>'],
  ['an empty closing tag', '<R></R></>'],
  ['two roots', '<R></R><R></R>'],
  ['text behind the root', '<R></R>x'],
  ['an HTML page', '<!DOCTYPE html><html><body>hello<br></body></html>'],
  ['a DTD', '<!DOCTYPE R [<!ENTITY a "b">]><R>&a;</R>'],
  ['a DTD inside', '<R><!ENTITY a "b"></R>'],
  ['a broken tag', '<R><=></R>'],
])('refuses %s', (_name, xml) => {
  expect(() => readXml(xml)).toThrow(XmlError);
});

test('refuses the billion laughs, deep nesting, and millions of elements', () => {
  const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "${'&lol;'.repeat(10)}">]><R>&lol2;</R>`;
  expect(() => readXml(laughs)).toThrow('has a DTD');
  expect(() => readXml('<a>'.repeat(1000) + '</a>'.repeat(1000))).toThrow('too many elements');
  expect(() => readXml(`<R>${'<a/>'.repeat(100_000)}</R>`)).toThrow('too many elements');
});
