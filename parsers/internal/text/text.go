// Package text reads logs that are not UTF-8. Detect tells from the first bytes
// of a file how its text is encoded, how sure that is, and why; a Reader turns
// the text into UTF-8, as a stream.
//
// A byte that means nothing in the encoding is data, too: an id with a broken
// byte is the id of an account. So nothing is replaced. What is broken is
// counted, and delivered as bytes that are not UTF-8 and that stand for what
// was there and nothing else:
//
//   - a byte of 0x80 and more as itself, but a byte from 0x80 to 0xbf behind
//     another broken one as 0xed 0xb2 and itself, so that the two never read as
//     a letter;
//   - a smaller byte (only in ISO-2022-JP and at an odd end of UTF-16) as the
//     two bytes 0xc0 or 0xc1 and 0x80 to 0xbf that UTF-8 forbids for it;
//   - half a surrogate pair of UTF-16 as the three bytes that UTF-8 forbids
//     for it.
//
// Lines stay lines: a line feed of the source, and nothing else, is a line feed
// of the result.
//
// CP932 is what Microsoft calls by that name: 0x5c is a backslash and 0x7e a
// tilde, although Japanese fonts show the first as a yen sign; the wave dash
// 0x8160 is U+FF5E and its like are as Microsoft has them; rows 0xf0 to 0xf9,
// which users define, are U+E000 to U+E757; 0x80, 0xa0 and 0xfd to 0xff are
// broken. EUC-JP and ISO-2022-JP share these choices where they share the
// characters.
package text

// An Encoding is how bytes stand for letters.
type Encoding uint8

// The encodings. ASCII is UTF-8.
const (
	UTF8 Encoding = iota
	UTF16LE
	UTF16BE
	CP932
	EUCJP
	ISO2022JP
	Windows1252
)

// String returns the usual name.
func (e Encoding) String() string {
	switch e {
	case UTF8:
		return "UTF-8"
	case UTF16LE:
		return "UTF-16LE"
	case UTF16BE:
		return "UTF-16BE"
	case CP932:
		return "CP932"
	case EUCJP:
		return "EUC-JP"
	case ISO2022JP:
		return "ISO-2022-JP"
	case Windows1252:
		return "Windows-1252"
	}
	return "unknown"
}
