package html

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/report/words"
)

// The data of the page is columns of numbers and texts, as JSON that is
// compressed and put in base64: an element with nothing in it that could end it.
// One element has the rows of all lists, and the charges stand in pieces of so
// many accounts, of which the script unpacks only the one that it needs.
const accountsInPiece = 1000

// safeInt is the largest number that a script reads exactly.
const safeInt = 1<<53 - 1

// A packer writes JSON.
type packer struct{ b []byte }

// open and close begin and end an object under a name.
func (p *packer) open(name string) { p.name(name); p.b = append(p.b, '{') }
func (p *packer) close()           { p.b = append(p.b, '}') }

// name begins a member of an object. Without a name it is what stands in a list,
// or the whole, and begins nothing.
func (p *packer) name(name string) {
	if name == "" {
		return
	}
	if p.b[len(p.b)-1] != '{' {
		p.b = append(p.b, ',')
	}
	p.b = append(append(p.b, js(name)...), ':')
}

// value writes any value.
func (p *packer) value(name string, v any) {
	p.name(name)
	p.b = append(p.b, js(v)...)
}

// ints writes n numbers. One that a script would round is written as a text.
func (p *packer) ints(name string, n int, of func(int) int64) {
	p.list(name, n, func(i int) {
		v := of(i)
		if v > safeInt || v < -safeInt {
			p.b = append(strconv.AppendInt(append(p.b, '"'), v, 10), '"')
			return
		}
		p.b = strconv.AppendInt(p.b, v, 10)
	})
}

// maybes writes n numbers, null where there is none.
func (p *packer) maybes(name string, n int, of func(int) *int64) {
	p.list(name, n, func(i int) {
		if v := of(i); v != nil {
			p.b = strconv.AppendInt(p.b, *v, 10)
			return
		}
		p.b = append(p.b, "null"...)
	})
}

// texts writes n texts.
func (p *packer) texts(name string, n int, of func(int) string) {
	p.list(name, n, func(i int) { p.b = append(p.b, js(of(i))...) })
}

func (p *packer) list(name string, n int, one func(int)) {
	p.name(name)
	p.b = append(p.b, '[')
	for i := range n {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		one(i)
	}
	p.b = append(p.b, ']')
}

// coded writes n texts of which many are alike: as numbers, behind the list of
// what they stand for.
func (p *packer) coded(name string, n int, of func(int) string) {
	at := map[string]int64{}
	var list []string
	p.ints(name, n, func(i int) int64 {
		s := of(i)
		number, ok := at[s]
		if !ok {
			number = int64(len(list))
			at[s] = number
			list = append(list, s)
		}
		return number
	})
	p.value(name+"List", list)
}

// element writes what was packed as an element of the page.
func (p *packer) element(w *writer, id string) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(p.b) // into memory
	if err := z.Close(); err != nil {
		return err
	}
	w.text(`<script type="text/plain" id="` + id + `">`)
	text := base64.NewEncoder(base64.StdEncoding, w)
	text.Write(packed.Bytes())
	if err := text.Close(); err != nil {
		return err
	}
	w.text("</script>\n")
	return w.err
}

// data writes the data of the script.
func (f *facts) data(w *writer) error {
	p := &packer{}
	p.open("")
	p.value("zone", words.For(words.English).Zone(f.end, f.zone()))
	p.value("piece", accountsInPiece)
	p.value("said", f.said())
	digits := map[string]int{}
	for i := range f.rows {
		digits[f.rows[i].currency] = 0
	}
	for i := range f.shops {
		digits[f.shops[i].currency] = 0
	}
	for i := range f.charges {
		digits[f.charges[i].currency] = 0
	}
	for code := range digits {
		digits[code], _ = currency(code).Exponent()
	}
	p.value("digits", digits)
	f.packAccounts(p)
	f.packLosses(p)
	f.packShops(p)
	f.packPlaces(p)
	p.close()
	if err := p.element(w, "data"); err != nil {
		return err
	}
	for at := 0; at < len(f.accounts); at += accountsInPiece {
		p.b = p.b[:0]
		f.packCharges(p, at, min(at+accountsInPiece, len(f.accounts)))
		if err := p.element(w, "charges-"+strconv.Itoa(at/accountsInPiece)); err != nil {
			return err
		}
	}
	return nil
}

func (f *facts) packAccounts(p *packer) {
	n, a := len(f.accounts), f.accounts
	p.open("accounts")
	p.texts("name", n, func(i int) string { return a[i].name })
	p.coded("tier", n, func(i int) string { return a[i].tier })
	p.ints("score", n, func(i int) int64 { return a[i].score })
	p.coded("vector", n, func(i int) string { return a[i].vector })
	p.ints("group", n, func(i int) int64 { return int64(a[i].group) })
	p.ints("at", n, func(i int) int64 { return f.wall(a[i].at) })
	p.coded("ip", n, func(i int) string { return f.names.text(a[i].ip) })
	p.coded("device", n, func(i int) string { return f.names.text(a[i].device) })
	p.coded("lost", n, func(i int) string { return a[i].lost })
	p.coded("reasons", n, func(i int) string { return a[i].reasons })
	p.list("weights", n, func(i int) { p.b = append(p.b, js(a[i].weights)...) })
	p.close()
}

func (f *facts) packLosses(p *packer) {
	n, r := len(f.rows), f.rows
	p.open("rows")
	p.ints("account", n, func(i int) int64 { return int64(r[i].account) })
	p.ints("victim", n, func(i int) int64 {
		if r[i].victim {
			return 1
		}
		return 0
	})
	p.coded("tier", n, func(i int) string { return r[i].tier })
	p.coded("currency", n, func(i int) string { return r[i].currency })
	wall := func(of func(*loss) int64) func(int) int64 {
		return func(i int) int64 {
			if !r[i].victim {
				return 0
			}
			return f.wall(of(&r[i]))
		}
	}
	p.ints("first", n, wall(func(l *loss) int64 { return l.first }))
	p.ints("last", n, wall(func(l *loss) int64 { return l.last }))
	p.ints("charges", n, func(i int) int64 { return r[i].charges })
	p.ints("topup", n, func(i int) int64 { return r[i].topup })
	p.ints("spend", n, func(i int) int64 { return r[i].spend })
	p.ints("net", n, func(i int) int64 { return r[i].net })
	p.coded("validation", n, func(i int) string { return r[i].validation })
	p.close()
}

func (f *facts) packShops(p *packer) {
	n, s := len(f.shops), f.shops
	p.open("shops")
	p.texts("name", n, func(i int) string { return f.names.text(s[i].name) })
	p.coded("currency", n, func(i int) string { return s[i].currency })
	p.ints("amount", n, func(i int) int64 { return s[i].amount })
	p.ints("charges", n, func(i int) int64 { return s[i].charges })
	p.ints("victims", n, func(i int) int64 { return s[i].victims })
	p.ints("first", n, func(i int) int64 { return f.wall(s[i].first) })
	p.list("visits", n, func(i int) {
		p.list("", len(s[i].visits), func(j int) {
			v := &s[i].visits[j]
			p.ints("", 4, func(k int) int64 { return [...]int64{f.wall(v.from), f.wall(v.to), v.charges, v.amount}[k] })
		})
	})
	p.close()
}

func (f *facts) packPlaces(p *packer) {
	n, s := len(f.places), f.places
	p.open("places")
	p.coded("role", n, func(i int) string { return s[i].role })
	p.coded("kind", n, func(i int) string { return s[i].kind })
	p.texts("value", n, func(i int) string { return f.names.text(s[i].value) })
	p.ints("entered", n, func(i int) int64 { return s[i].entered })
	p.ints("tried", n, func(i int) int64 { return s[i].tried })
	p.ints("attempts", n, func(i int) int64 { return s[i].attempts })
	p.maybes("failures", n, func(i int) *int64 { return s[i].failures })
	p.maybes("unknown", n, func(i int) *int64 { return s[i].unknown })
	p.ints("first", n, func(i int) int64 { return f.wall(s[i].first) })
	p.ints("last", n, func(i int) int64 { return f.wall(s[i].last) })
	p.close()
}

// packCharges packs the charges of some accounts, with lists of their own.
func (f *facts) packCharges(p *packer, from, to int) {
	c := f.charges[f.byAcct[from]:f.byAcct[to]]
	n := len(c)
	p.open("")
	p.ints("count", to-from, func(i int) int64 { return int64(len(f.of(from + i))) })
	p.ints("at", n, func(i int) int64 { return f.wall(c[i].at) })
	p.coded("kind", n, func(i int) string { return c[i].kind })
	p.ints("amount", n, func(i int) int64 { return c[i].amount })
	p.coded("currency", n, func(i int) string { return c[i].currency })
	p.coded("status", n, func(i int) string { return c[i].status })
	p.coded("tier", n, func(i int) string { return c[i].tier })
	p.coded("store", n, func(i int) string { return f.names.text(c[i].store) })
	p.coded("device", n, func(i int) string { return f.names.text(c[i].device) })
	if f.o.Reveal { // a transaction can be named after its account
		p.texts("txn", n, func(i int) string { return f.names.text(c[i].txn) })
	}
	p.close()
}

// scriptTexts are what the script says, {0} and {1} standing for what it fills in.
var scriptTexts = []string{
	"rows %s to %s of %s", "no rows", "back", "next", "account %s", "close",
	"how sure", "way in", "campaign", "entered", "from address", "device", "robbed", "yes", "no",
	"held by", "topped up", "spent", "net loss", "why", "weight of the evidence",
	"before any evidence", "entry", "visit", "conduct", "shared device", "company", "sum",
	"what happened", "time", "after entry", "what", "amount", "status", "shop", "transaction",
	"takeover", "%s charges from %s to %s; top-ups above the line, spending below it",
	"No charge of this account is known.", "%s more",
	"This browser cannot unpack the data of the page: the first rows are shown.",
	"A hundred is odds of ten to one.",
}

// said gives the script its words, in each language.
func (f *facts) said() map[words.Lang]any {
	out := map[words.Lang]any{}
	for _, lang := range words.Langs {
		p := words.For(lang)
		texts, reasons := map[string]string{}, map[string]string{}
		for _, t := range scriptTexts {
			texts[t] = p.T(t, []any{"{0}", "{1}", "{2}"}[:strings.Count(t, "%s")]...)
		}
		codes := map[string]map[string]string{}
		note := func(set, code string) {
			if codes[set] == nil {
				codes[set] = map[string]string{}
			}
			if _, ok := codes[set][code]; !ok {
				codes[set][code] = p.Word(sets[set], code)
			}
		}
		for i := range f.accounts {
			note("tier", f.accounts[i].tier)
			note("vector", f.accounts[i].vector)
			for _, code := range parts(f.accounts[i].reasons) {
				if _, ok := reasons[code]; !ok {
					doc := ""
					if f.c.Reason != nil {
						doc = f.c.Reason(code)
					}
					if doc == "" {
						doc = code
					}
					reasons[code] = p.Say(doc)
				}
			}
		}
		for i := range f.rows {
			note("tier", f.rows[i].tier)
			note("validation", f.rows[i].validation)
		}
		for i := range f.charges {
			note("kind", f.charges[i].kind)
			note("status", f.charges[i].status)
			note("tier", f.charges[i].tier)
		}
		for i := range f.places {
			note("role", f.places[i].role)
			note("place", f.places[i].kind)
		}
		out[lang] = map[string]any{"texts": texts, "codes": codes, "reasons": reasons}
	}
	return out
}
