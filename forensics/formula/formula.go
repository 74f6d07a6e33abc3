// Package formula says which texts a spreadsheet would run when it opens a CSV
// file, and marks them.
//
// A text is marked with one apostrophe more in front if it starts with one of
//
//	= + - @ tab CR  or  ＝ ＋ － ＠ (U+FF1D, U+FF0B, U+FF0D, U+FF20)
//
// and is not a number ([+-]?[0-9]+([.][0-9]+)?). Apostrophes before that do not
// count, nor does what programs strip or do not show: blanks, control characters,
// byte order marks, zero-width and directional characters. So a text needs its mark
// with the mark and without it, no two texts are ever marked alike, and Unmark
// takes off what Mark put there, and nothing else:
//
//	text      marked
//	=1+1      '=1+1
//	'=1+1     ''=1+1
//	 =1+1     ' =1+1
//	-12.50    -12.50
//	it's      it's
//	'quoted'  'quoted'
package formula

// Runs reports whether a spreadsheet would run a text, with or without apostrophes
// in front.
func Runs[T string | []byte](s T) bool {
	i := 0
	for i < len(s) {
		n := ignored(s, i)
		if n == 0 {
			break
		}
		i += n
	}
	if i == len(s) {
		return false
	}
	switch s[i] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return !isNumber(s[i+1:])
	case 0xEF: // U+FF0B is EF BC 8B, and so on
		if len(s) < i+3 || s[i+1] != 0xBC {
			return false
		}
		switch s[i+2] {
		case 0x8B, 0x8D, 0x9D, 0xA0:
			return true
		}
	}
	return false
}

// ignored returns how many bytes at i are an apostrophe, or a character that may be
// stripped before a spreadsheet looks; 0 if it is neither.
func ignored[T string | []byte](s T, i int) int {
	c := s[i]
	if c > ' ' && c < 0x7f {
		if c == '\'' {
			return 1
		}
		return 0
	}
	switch {
	case c == '\t' || c == '\r':
		return 0 // they are what a spreadsheet runs
	case c <= ' ' || c == 0x7f:
		return 1
	case c == 0xC2 && i+1 < len(s) && (s[i+1] >= 0x80 && s[i+1] <= 0xA0 || s[i+1] == 0xAD): // U+0080 to U+00A0, U+00AD
		return 2
	case len(s) < i+3:
		return 0
	case c == 0xE2 && s[i+1] == 0x80 && (s[i+2] >= 0x80 && s[i+2] <= 0x8F || s[i+2] >= 0xA8 && s[i+2] <= 0xAF), // U+2000 to U+200F, U+2028 to U+202F
		c == 0xE2 && s[i+1] == 0x81 && s[i+2] >= 0x9F && s[i+2] <= 0xAF, // U+205F to U+206F
		c == 0xE3 && s[i+1] == 0x80 && s[i+2] == 0x80,                   // U+3000
		c == 0xEF && s[i+1] == 0xBB && s[i+2] == 0xBF:                   // U+FEFF
		return 3
	}
	return 0
}

// isNumber reports whether s is [0-9]+([.][0-9]+)?.
func isNumber[T string | []byte](s T) bool {
	dots := 0
	for i := range len(s) {
		switch ch := s[i]; {
		case ch >= '0' && ch <= '9':
		case ch == '.' && dots == 0 && i > 0 && i < len(s)-1:
			dots++
		default:
			return false
		}
	}
	return len(s) > 0
}

// Mark returns a text as a cell of a file.
func Mark(s string) string {
	if Runs(s) {
		return "'" + s
	}
	return s
}

// Unmark returns the text of a cell.
func Unmark[T string | []byte](cell T) T {
	if len(cell) > 1 && cell[0] == '\'' && Runs(cell) {
		return cell[1:]
	}
	return cell
}
