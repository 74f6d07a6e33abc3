package words

import "strings"

// A shape is a text with gaps, such as a name of a column, and what is said for
// it. Each %s of the text is one gap, and each of what is said is filled with
// the gap of its place, said in the language too.
type shape struct {
	text string
	said string
}

// say says a text of the shape.
func (s *shape) say(text string) (string, bool) {
	parts := strings.Split(s.text, "%s")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return "", false
	}
	said := s.said
	for i, part := range parts[1:] {
		at := strings.Index(rest, part)
		if i == len(parts)-2 {
			if !strings.HasSuffix(rest, part) {
				return "", false
			}
			at = len(rest) - len(part)
		}
		if at < 0 {
			return "", false
		}
		said = strings.Replace(said, "%s", strings.ReplaceAll(rest[:at], "%s", "%\x00s"), 1)
		rest = rest[at+len(part):]
	}
	return strings.ReplaceAll(said, "%\x00s", "%s"), rest == ""
}

// shapes are the Japanese of the shapes of what the data says: forensics says why
// a question has no answer.
var shapes = []shape{
	{"column %s is absent from the %s log", "列「%s」が%sログにありません"},
}
