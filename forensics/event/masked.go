package event

import "unicode/utf8"

// Masked returns what an error or a log may say of the id of a person: the first
// two and the last two letters of a long one, the first of a short one. Errors
// end in logs that many can read; whoever has the case finds the row by this and
// by what else the error says.
func Masked(id string) string {
	const long, shown = 8, 2
	if utf8.RuneCountInString(id) < long {
		_, n := utf8.DecodeRuneInString(id)
		return id[:n] + "…"
	}
	head, tail := 0, len(id)
	for range shown {
		_, n := utf8.DecodeRuneInString(id[head:])
		head += n
		_, n = utf8.DecodeLastRuneInString(id[:tail])
		tail -= n
	}
	return id[:head] + "…" + id[tail:]
}
