package scalar

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// oraclePattern is a pattern as a regular expression, and the letter of the
// directive of each group.
type oraclePattern struct {
	form    *regexp.Regexp
	letters string
}

var oracleForms = map[byte]string{
	'Y': `(\d{4})`, 'y': `(\d\d)`, 'j': `(\d{3})`, 'M': `(\d\d)`, 'S': `(\d\d)`, 'f': `(\d{1,18})`,
	'm': `(\d\d?)`, 'd': `(\d\d?)`, 'e': `(\d\d?)`, 'H': `(\d\d?)`, 'I': `(\d\d?)`,
	'p': `((?i:am|pm|a\.m\.|p\.m\.|午前|午後))`,
	'b': `((?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?|september|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))`,
	'a': `((?i:sun(?:day)?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|[日月火水木金土](?:曜日)?))`,
	'z': `([Zz]|[+-]\d\d(?::?[0-5]\d)?)`,
	'Z': `([Zz]|[+-]\d\d(?::?[0-5]\d)?|(?i:utc|gmt|ut)[+-](?:\d\d[0-5]\d|\d\d?(?::[0-5]\d)?)|[A-Za-z]{2,4})`,
	'/': `([/.-])`,
}

var oracleAlias = map[byte]byte{'B': 'b', 'A': 'a'}

var oraclePatterns sync.Map

// compileOracle makes a regular expression of a pattern that compiles.
func compileOracle(pattern string) oraclePattern {
	if p, ok := oraclePatterns.Load(pattern); ok {
		return p.(oraclePattern)
	}
	type token struct {
		text   string
		letter byte
		number bool
	}
	var tokens []token
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		text := pattern[i : i+n]
		i += n
		switch {
		case r == '%':
			letter := pattern[i]
			i++
			if alias := oracleAlias[letter]; alias != 0 {
				letter = alias
			}
			if form := oracleForms[letter]; form != "" {
				tokens = append(tokens, token{form, letter, strings.IndexByte("YyjMSfmdeHI", letter) >= 0})
			} else {
				tokens = append(tokens, token{text: regexp.QuoteMeta(string(letter))})
			}
		case r == '[':
			tokens = append(tokens, token{text: "(?:"})
		case r == ']':
			tokens = append(tokens, token{text: ")?"})
		case r == ' ' || r == '\t':
			tokens = append(tokens, token{text: `[ \t]+`})
		case r == '.' && strings.HasPrefix(pattern[i:], "%f"):
			tokens = append(tokens, token{text: "[.,]"})
		case r >= utf8.RuneSelf:
			tokens = append(tokens, token{text: regexp.QuoteMeta(text)})
		default:
			tokens = append(tokens, token{text: "(?i:" + regexp.QuoteMeta(text) + ")", number: r >= '0' && r <= '9'})
		}
	}
	// Numbers that touch another have their full width.
	last := -1
	for i, t := range tokens {
		if t.text == "(?:" || t.text == ")?" {
			continue
		}
		if t.number && last >= 0 {
			for _, k := range []int{last, i} {
				tokens[k].text = strings.ReplaceAll(tokens[k].text, `\d\d?`, `\d\d`)
			}
		}
		if last = -1; t.number {
			last = i
		}
	}
	p := oraclePattern{}
	text := ""
	for _, t := range tokens {
		text += t.text
		if t.letter != 0 {
			p.letters += string(t.letter)
		}
	}
	p.form = regexp.MustCompile(`^(?:` + text + `)$`)
	oraclePatterns.Store(pattern, p)
	return p
}

var oracleWide = func() *strings.Replacer {
	pairs := []string{"\u3000", " ", "\u00a0", " ", "\u202f", " ", "\u2009", " "}
	for r := '!'; r <= '~'; r++ {
		pairs = append(pairs, string(r-'!'+'！'), string(r))
	}
	return strings.NewReplacer(pairs...)
}()

// oracleLayout is Layout.Try by regular expressions and package time.
func oracleLayout(layout, text string, hint YearHint) (Time, bool) {
	if len(text) > maxStamp || strings.ContainsAny(text, "\u017f\u212a") { // s and k to a regular expression
		return Time{}, false
	}
	patterns := []string{layout}
	for _, l := range namedLayouts {
		if l.name == layout {
			patterns = l.forms
		}
	}
	if layout == "iso" {
		if t, ok := oracleTime(text); ok {
			return t, true
		}
	}
	text = oracleWide.Replace(text)
	if slices.Contains(epochNames[:], layout) {
		return oracleEpoch(layout, text)
	}
	for _, pattern := range patterns {
		p := compileOracle(pattern)
		if m := p.form.FindStringSubmatch(text); m != nil {
			fields := map[byte]string{}
			seps := ""
			for i, letter := range []byte(p.letters) {
				if letter == '/' {
					seps += m[i+1]
				}
				fields[letter] = m[i+1]
			}
			if strings.Trim(seps, seps[:min(1, len(seps))]) != "" {
				continue
			}
			if t, ok := oracleFields(fields, hint); ok {
				return t, true
			}
		}
	}
	return Time{}, false
}

var oracleMonths = func() map[string]time.Month {
	all := map[string]time.Month{}
	for m := time.January; m <= time.December; m++ {
		all[strings.ToLower(m.String()[:3])] = m
	}
	return all
}()

var oracleOffsets = map[string]int{
	"UTC": 0, "GMT": 0, "UT": 0, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8,
	"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}

// oracleFields makes a time of the fields of a stamp.
func oracleFields(f map[byte]string, hint YearHint) (Time, bool) {
	num := func(letters string) int {
		for _, c := range []byte(letters) {
			if n, err := strconv.Atoi(f[c]); err == nil {
				return n
			}
		}
		return 0
	}
	hourText := f['H'] + f['I']
	if hourText == "" && f['M']+f['p'] != "" || f['M'] == "" && f['S'] != "" || f['S'] == "" && f['f'] != "" {
		return Time{}, false
	}
	if f['I'] != "" && f['p'] == "" {
		return Time{}, false
	}
	hour, minute, second := num("HI"), num("M"), num("S")
	switch half := strings.ToLower(f['p']); half {
	case "am", "pm", "a.m.", "p.m.":
		if hour < 1 || hour > 12 {
			return Time{}, false
		}
		if hour %= 12; half[0] == 'p' {
			hour += 12
		}
	case "午前", "午後":
		if hour > 11 {
			return Time{}, false
		}
		if half == "午後" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second > 60 {
		return Time{}, false
	}
	offset, zoned, ok := oracleOffset(f['z'] + f['Z'])
	if !ok {
		return Time{}, false
	}
	month, day := time.Month(num("m")), num("de")
	if f['b'] != "" {
		month = oracleMonths[strings.ToLower(f['b'][:3])]
	}
	if f['j'] != "" {
		month, day = time.January, num("j")
	}
	micros := num("f")
	if digits := len(f['f']); digits > 0 {
		micros, _ = strconv.Atoi((f['f'] + "000000")[:6])
	}
	leap := second == 60
	in := func(year int) time.Time {
		return time.Date(year, month, day, hour, minute, min(second, 59), micros*1000, time.UTC).Add(-offset)
	}
	var year int
	switch {
	case f['Y'] != "":
		year = num("Y")
	case f['y'] != "":
		if year = 2000 + num("y"); year > 2068 {
			year -= 100
		}
	case f['j'] != "":
		return Time{}, false
	case hint.Year != 0:
		year = hint.Year
	case hint.NotAfter != 0 && hint.NotAfter >= MinMicros && hint.NotAfter <= MaxMicros-daySeconds*secondMicros:
		limit := time.UnixMicro(hint.NotAfter).UTC().AddDate(0, 0, 1)
		year = limit.Year()
		if in(year).After(limit) {
			year--
		}
	}
	if year < 1900 || year > 9999 {
		return Time{}, false
	}
	at := in(year)
	wall := at.Add(offset)
	if f['j'] != "" {
		if wall.Year() != year || wall.YearDay() != day {
			return Time{}, false
		}
	} else if wall.Month() != month || wall.Day() != day {
		return Time{}, false
	}
	if w := f['a']; w != "" && !strings.HasPrefix(strings.ToLower(w), strings.ToLower(wall.Weekday().String()[:3])) &&
		!strings.HasPrefix(w, string([]rune("日月火水木金土")[wall.Weekday()])) {
		return Time{}, false
	}
	t := Time{Micros: at.UnixMicro(), Fine: strings.ContainsAny(f['f'], "123456789"), Zoned: zoned, Day: hourText == ""}
	if leap {
		at = at.Truncate(time.Second).Add(time.Second)
		t.Micros, t.Fine = at.UnixMicro()-1, false
		if !oracleLeapAnywhere(at, zoned) {
			return Time{}, false
		}
	}
	return t, t.Micros >= MinMicros && t.Micros <= MaxMicros
}

// oracleLeapAnywhere reports whether a leap second may end at a moment, of UTC
// or of some clock.
func oracleLeapAnywhere(at time.Time, zoned bool) bool {
	if zoned {
		return oracleLeap(at)
	}
	for offset := -12 * time.Hour; offset <= 14*time.Hour; offset += 15 * time.Minute {
		if oracleLeap(at.Add(-offset)) {
			return true
		}
	}
	return false
}

var oracleHours = regexp.MustCompile(`^(?i:utc|gmt|ut)?([+-])(\d\d|\d(?:$|:)):?(\d\d)?$`)

// oracleOffset reads a zone.
func oracleOffset(s string) (offset time.Duration, zoned, ok bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, s != "", true
	}
	if hours, ok := oracleOffsets[strings.ToUpper(s)]; ok {
		return time.Duration(hours) * time.Hour, true, true
	}
	m := oracleHours.FindStringSubmatch(s)
	if m == nil {
		return 0, false, false
	}
	hours, _ := strconv.Atoi(strings.TrimSuffix(m[2], ":"))
	minutes, _ := strconv.Atoi(m[3])
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if m[1] == "-" {
		offset = -offset
	}
	return offset, true, offset <= maxOffset*time.Second && offset >= -maxOffset*time.Second
}

var oracleCount = regexp.MustCompile(`^(0|[1-9]\d*)(?:\.(\d{1,18}))?$`)

// oracleEpoch is tryEpoch with numbers of any size.
func oracleEpoch(layout, text string) (Time, bool) {
	m := oracleCount.FindStringSubmatch(text)
	if m == nil {
		return Time{}, false
	}
	whole, _ := new(big.Int).SetString(m[1], 10)
	if !whole.IsInt64() {
		return Time{}, false
	}
	exponents := map[string]int64{"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0, "epoch_ns": -3}
	if layout == "epoch" {
		switch digits := len(m[1]); { // 10^11 has twelve
		case digits < 12:
			layout = "epoch_s"
		case digits < 15:
			layout = "epoch_ms"
		case digits < 18:
			layout = "epoch_us"
		default:
			layout = "epoch_ns"
		}
	}
	value, _ := new(big.Rat).SetString(text)
	if e := exponents[layout]; e >= 0 {
		value.Mul(value, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(e), nil)))
	} else {
		value.Quo(value, big.NewRat(1000, 1))
	}
	micros := new(big.Int).Quo(value.Num(), value.Denom())
	if !micros.IsInt64() || micros.Int64() > MaxMicros {
		return Time{}, false
	}
	seconds := new(big.Rat).Quo(value, big.NewRat(1_000_000, 1))
	return Time{Micros: micros.Int64(), Fine: !seconds.IsInt(), Zoned: true}, true
}

// oracleLayouts are the layouts that are held against the oracle.
func oracleLayouts() []string {
	all := LayoutNames()
	for _, c := range layoutTexts {
		if !slices.Contains(all, c.layout) && isASCII([]byte(c.layout)) {
			all = append(all, c.layout)
		}
	}
	return all
}

func checkLayout(t *testing.T, layout string, text []byte, hint YearHint) {
	t.Helper()
	got, ok := mustLayout(t, layout).Try(text, hint)
	want, wantOK := oracleLayout(layout, string(text), hint)
	if !wantOK {
		want = Time{}
	}
	if ok != wantOK || got != want {
		t.Errorf("%s: Try(%q, %+v) = %+v, %t, want %+v, %t", layout, text, hint, got, ok, want, wantOK)
	}
}

func TestLayoutOracle(t *testing.T) {
	for _, c := range layoutTexts {
		for _, layout := range oracleLayouts() {
			checkLayout(t, layout, []byte(c.in), julyHint)
		}
	}
	for _, c := range timeTexts {
		checkLayout(t, "iso", []byte(c.in), YearHint{})
	}
}

// checkWritten holds layouts against time.Parse on what time.Format writes.
func checkWritten(t *testing.T, form uint8, nanos int64, hours int) {
	t.Helper()
	c := layoutForms[int(form)%len(layoutForms)]
	zone := time.FixedZone("", 0)
	for name, h := range oracleOffsets {
		if h == hours && len(name) > 2 && (zone.String() == "" || name < zone.String()) {
			zone = time.FixedZone(name, h*3600)
		}
	}
	at := time.Unix(0, nanos).In(zone)
	if zone.String() == "" {
		at = at.UTC()
	}
	if at.Year() < 1969 || at.Year() > 2068 { // the years of two digits
		return
	}
	if !checkForm(t, mustLayout(t, c.layout), c.form, at.Format(c.form), at) {
		t.Errorf("%s does not read %q", c.layout, at.Format(c.form))
	}
}

// checkPattern: any pattern is refused or compiles to something that reads no
// more than it says.
func checkPattern(t *testing.T, pattern string, text []byte) {
	t.Helper()
	l, err := CompileLayout(pattern)
	if err != nil || l.unit != 0 || l.neutral || !utf8.ValidString(pattern) {
		return
	}
	got, ok := l.Try(text, julyHint)
	if !ok {
		return
	}
	if got.Micros < MinMicros || got.Micros > MaxMicros {
		t.Errorf("%q reads %q as %d", pattern, text, got.Micros)
	}
	if !strings.Contains(pattern, "%") {
		return // a name
	}
	plain := oracleWide.Replace(string(text))
	if p := compileOracle(string(plainStamp(nil, []byte(pattern)))); !p.form.MatchString(plain) {
		t.Errorf("%q reads %q, %v does not", pattern, text, p.form)
	}
}
