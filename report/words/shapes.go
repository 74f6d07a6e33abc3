package words

import (
	"strconv"
	"strings"
)

// A shape is a text with gaps, such as the name of a column, and what is said for
// it. Each %s of the text is a gap; %[1]s of what is said is the first of them.
type shape struct{ text, said string }

// say says a text of the shape. What stands in a gap is said too, if it is known.
func (s *shape) say(text string) (string, bool) {
	parts := strings.Split(s.text, "%s")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return "", false
	}
	var gaps []string
	for i, part := range parts[1:] {
		at := strings.Index(rest, part)
		if i == len(parts)-2 {
			at = len(rest) - len(part)
		}
		if at < 0 || rest[at:at+len(part)] != part {
			return "", false
		}
		gap := rest[:at]
		if said, ok := jaData[gap]; ok {
			gap = said
		}
		gaps = append(gaps, "%["+strconv.Itoa(i+1)+"]s", gap)
		rest = rest[at+len(part):]
	}
	return strings.NewReplacer(gaps...).Replace(s.said), true
}

// shapes are the Japanese of the shapes of what the data says: forensics says why
// a question has no answer.
var shapes = []shape{
	{"column %s is absent from the %s log", "%[2]sログに列「%[1]s」がない"},
	{"column %s is absent from the %s log, or empty where money was stolen", "%[2]sログに列「%[1]s」がないか、不正利用の行で空である"},
	{"column %s is absent from the %s log: the user agent stands in for it, so that two phones of one model are one",
		"%[2]sログに列「%[1]s」がない。ユーザーエージェントで代用するため、同じ機種の2台は1台とみなす"},
	{"column %s is absent from the %s log, and so is user_agent: most who use one account cannot be told apart, and most takeovers not be seen",
		"%[2]sログに列「%[1]s」も user_agent もない。1つのアカウントの利用者をほとんど区別できず、不正ログインの大半は見えない"},
	{"column %s is absent from the %s log, and so are user_agent and session_id: those who use one account cannot be told apart, and most takeovers not be seen",
		"%[2]sログに列「%[1]s」も user_agent も session_id もない。1つのアカウントの利用者を区別できず、不正ログインの大半は見えない"},
	{"no %s log was read", "%[1]sログを読んでいない"},
	{"no row of the %s log was understood", "%[1]sログのどの行も解釈できなかった"},
	{"which days fit the rule of amount and pace in %s", "%[1]sで金額と頻度の基準に当てはまる日"},
	{"stamps without a year are taken to lie in the year before the date of the file, %s", "年のない時刻は、ファイルの日付（%[1]s）までの1年以内とみなした"},
}
