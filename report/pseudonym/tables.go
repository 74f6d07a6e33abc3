package pseudonym

import (
	"cmp"
	"fmt"
	"index/suffixarray"
	"slices"
	"sort"
	"strings"

	"github.com/paytriage/paytriage/report/table"
)

// A treatment is what becomes of the texts of a column.
type treatment uint8

const (
	remove treatment = iota // what is not known goes
	keep                    // a code of a closed list
	look                    // keep, unless something of a person stands in it
	account
	txn
	txns // several, joined by ;
	device
	address
	instrument
	staff
	line
	campaign
	place // an indicator
	seat  // what entered accounts share: a person who worked at a register, or a thing
	file
	reason // of a reject
)

// treatments lists the text columns of all tables of a case.
var treatments = map[string]map[string]treatment{
	"victims": {"account_id": account, "tier": keep, "vector": keep, "campaign_id": campaign, "currency": keep, "reasons": keep,
		"validation": keep, "recognised_by": keep},
	"takeovers": {"account_id": account, "tier": keep, "vector": keep, "campaign_id": campaign, "source_ip": address, "device_id": device,
		"lost": keep, "reasons": keep, "source": file},
	"charges": {"txn_id": txn, "account_id": account, "kind": keep, "currency": keep, "status": keep, "store_id": look, "device_id": device,
		"ip": address, "tier": keep, "reasons": keep, "source": file, "decision": keep},
	"refunds": {"refund_id": line, "account_id": account, "txn_id": txns, "component": keep, "channel": keep, "currency": keep, "tier": keep,
		"status": keep, "reasons": keep, "payer": keep, "funding_ref": instrument},
	"sources": {"kind": keep, "value": place, "role": keep, "shared": keep},
	"campaigns": {"campaign_id": campaign, "vector": keep, "currency": keep, "tester_countries": look, "executor_countries": look,
		"tester_operators": look, "executor_operators": look},
	"stores":          {"store_id": look, "currency": keep},
	"store_visits":    {"store_id": look, "currency": keep, "terminals": look},
	"timeline":        {"currency": keep},
	"rejects":         {"source": file, "column": keep, "reason": reason, "raw": remove, "others": remove},
	"insider":         {"kind": keep, "value": seat, "store_id": look, "currency": keep, "note": keep},
	"mules":           {"account_id": account, "currency": keep, "victim": keep},
	"decisions":       {"account_id": account, "txn_id": txn, "decision": keep, "validation": keep, "who": staff, "why": remove, "effect": keep, "tier": keep},
	"amount_and_pace": {"account_id": account, "day": keep, "currency": keep, "tier": keep},
}

// Known reports whether it was decided what becomes of a column.
func Known(tableName, column string) bool {
	_, ok := treatments[tableName][column]
	return ok
}

// orders are the columns that rows are put in order by, - for falling, where the
// order of a table came from what is a token now. The last one tells rows apart.
var orders = map[string][]string{
	"victims":         {"account_id", "currency"},
	"takeovers":       {"account_id"},
	"charges":         {"account_id", "event_time", "txn_id"},
	"refunds":         {"account_id", "currency", "component", "txn_id", "refund_id"},
	"sources":         {"-role", "kind", "-failures", "-accounts_entered", "value"},
	"campaigns":       {"first_seen", "campaign_id"},
	"stores":          {"currency", "-amount", "store_id"},
	"store_visits":    {"store_id", "from_time", "currency"},
	"insider":         {"kind", "note", "-victims", "value", "store_id"},
	"mules":           {"currency", "-received", "account_id"},
	"decisions":       {"account_id", "txn_id", "decided_at"},
	"amount_and_pace": {"account_id", "first_at", "currency"},
}

// A File is the name of a file that was read, and its role.
type File struct{ Role, Name string }

// A Redactor redacts the tables of one case.
type Redactor struct {
	key     *Key
	files   map[string]string
	charges map[[2]string]bool // account and transaction
	ids     *mentions          // of accounts, transactions, instruments, people
	private *mentions          // devices and addresses that are no indicators
	places  map[[2]string]bool // kind and value of what is an indicator
}

// New looks at all tables of a case, to know what is personal in it, at the files
// that it was made from, and at other texts that are to stand for outsiders.
func New(key *Key, tables []*table.Table, files []File, texts []string) *Redactor {
	r := &Redactor{key: key, files: map[string]string{}, charges: map[[2]string]bool{}, places: map[[2]string]bool{}}
	count := map[string]int{}
	for _, f := range files {
		if r.files[f.Name] == "" && f.Name != "" {
			count[f.Role]++
			r.files[f.Name] = fmt.Sprintf("%s-%d", f.Role, count[f.Role])
		}
	}
	var ids []string
	kept := slices.Clone(texts)
	each(tables, func(row int, name string, c *table.Cells) {
		switch text := c.Text(row); treatments[name][c.Column().Name] {
		case account, txn, instrument, staff, line, campaign:
			ids = append(ids, text)
		case look, place:
			kept = append(kept, text)
		case device, address:
			kept = append(kept, text)
		}
	})
	for _, t := range tables {
		if t.Schema().Name == "insider" {
			kind, value := cells(t, "kind"), cells(t, "value")
			for row := range t.Rows() {
				if kind.Text(row) == operator {
					ids = append(ids, value.Text(row))
				} else {
					kept = append(kept, value.Text(row))
				}
			}
		}
		if t.Schema().Name == "charges" {
			a, x := cells(t, "account_id"), cells(t, "txn_id")
			for row := range t.Rows() {
				r.charges[[2]string{a.Text(row), x.Text(row)}] = true
			}
		}
	}
	r.ids = newMentions(ids, kept)
	for _, t := range tables {
		r.indicators(t)
	}
	var private []string
	each(tables, func(row int, name string, c *table.Cells) {
		switch text := c.Text(row); treatments[name][c.Column().Name] {
		case device:
			if !r.places[[2]string{"device", text}] {
				private = append(private, text)
			}
		case address:
			if !r.places[[2]string{"ip", text}] {
				private = append(private, text)
			}
		}
	})
	r.private = newMentions(private, kept)
	return r
}

// operator is the kind of those rows of the table insider that name people.
const operator = "operator"

// twoAccounts is from how many accounts on something that the attack used is told
// to outsiders: in one account alone it may be the owner's.
const twoAccounts = 2

func (r *Redactor) indicators(t *table.Table) {
	if t.Schema().Name != "sources" {
		return
	}
	kind, value, tried, entered := cells(t, "kind"), cells(t, "value"), cells(t, "accounts_tried"), cells(t, "accounts_entered")
	for row := range t.Rows() {
		if max(tried.Int(row), entered.Int(row)) >= twoAccounts && !r.ids.in(value.Text(row)) {
			r.places[[2]string{kind.Text(row), value.Text(row)}] = true
		}
	}
}

// File returns the name that a file has for outsiders.
func (r *Redactor) File(name string) string {
	if short, ok := r.files[name]; ok {
		return short
	}
	return "file"
}

// Text returns a text as it may stand for outsiders: itself, or a token where
// something personal stands in it. It must be one that New was given.
func (r *Redactor) Text(text string) string {
	if r.ids.in(text) || r.private.in(text) {
		return r.key.Token(Text, text)
	}
	return text
}

// Token returns the token of a text.
func (r *Redactor) Token(kind Kind, text string) string { return r.key.Token(kind, text) }

// Table returns a table without people.
func (r *Redactor) Table(t *table.Table) *table.Table {
	s := t.Schema()
	out := table.New(s, t.Rows())
	var kind, owner *table.Cells
	switch s.Name {
	case "sources", "insider":
		kind = cells(t, "kind")
	case "refunds":
		owner = cells(t, "account_id")
	}
	for i, column := range s.Columns {
		from, to := t.Cells(i), out.Cells(i)
		what, known := treatments[s.Name][column.Name]
		for row := range t.Rows() {
			switch {
			case from.Null(row):
				to.AppendNull()
			case !column.Kind.IsText():
				to.AppendInt(from.Int(row))
			case what == remove && column.Nullable || !known && column.Nullable:
				to.AppendNull()
			case what == place:
				to.AppendText(r.place(kind.Text(row), from.Text(row)))
			case what == seat && kind.Text(row) == operator:
				to.AppendText(r.cell(staff, from.Text(row)))
			case what == seat:
				to.AppendText(r.cell(look, from.Text(row)))
			case what == txns:
				to.AppendText(r.txns(owner.Text(row), from.Text(row)))
			default:
				to.AppendText(r.cell(what, from.Text(row)))
			}
		}
	}
	return ordered(out, orders[s.Name])
}

// cell returns what becomes of a text.
func (r *Redactor) cell(what treatment, text string) string {
	token := func(kind Kind) string { return r.key.Token(kind, text) }
	switch what {
	case keep:
		return text
	case look:
		return r.Text(text)
	case account:
		return token(Account)
	case txn:
		return token(Txn)
	case device:
		return r.place("device", text)
	case address:
		return r.place("ip", text)
	case instrument:
		return token(Instrument)
	case staff:
		return token(Staff)
	case line:
		return token(Line)
	case campaign:
		return token(Campaign)
	case file:
		return r.File(text)
	case reason:
		text, _, _ = strings.Cut(text, `"`) // what is quoted is of the record
		return text
	}
	return ""
}

// place returns an indicator as it is, or the token of what may be an owner's.
func (r *Redactor) place(kind, value string) string {
	if r.places[[2]string{kind, value}] && (kind == "ip" || kind == "device" || kind == "network" || r.Text(value) == value) {
		return value
	}
	switch kind {
	case "device":
		return r.key.Token(Device, value)
	case "ip":
		return r.key.Token(Address, value)
	}
	return r.key.Token(Text, value)
}

// maxParts bounds the parts that an id which holds ";" is put together from.
const maxParts = 16

// txns returns the tokens of several transactions of an account. An id may hold
// the sign that joins them: what the table of charges has is one id.
func (r *Redactor) txns(owner, joined string) string {
	parts := strings.Split(joined, ";")
	var out []string
	for len(parts) > 0 {
		n := min(len(parts), maxParts)
		for n > 1 && !r.charges[[2]string{owner, strings.Join(parts[:n], ";")}] {
			n--
		}
		out = append(out, r.key.Token(Txn, strings.Join(parts[:n], ";")))
		parts = parts[n:]
	}
	return strings.Join(out, ";")
}

// each calls do for every text of every table that is not null.
func each(tables []*table.Table, do func(row int, name string, c *table.Cells)) {
	for _, t := range tables {
		for i, column := range t.Schema().Columns {
			if !column.Kind.IsText() {
				continue
			}
			c := t.Cells(i)
			for row := range t.Rows() {
				if c.Text(row) != "" {
					do(row, t.Schema().Name, c)
				}
			}
		}
	}
}

func cells(t *table.Table, column string) *table.Cells {
	at, _ := t.Schema().Find(column)
	return t.Cells(at)
}

// ordered returns a table with its rows in the order of some columns.
func ordered(t *table.Table, columns []string) *table.Table {
	order := make([]int, t.Rows())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		for _, name := range columns {
			name, falling := strings.CutPrefix(name, "-")
			c := cells(t, name)
			if n := cmp.Or(cmp.Compare(c.Int(a), c.Int(b)), strings.Compare(c.Text(a), c.Text(b))); n != 0 {
				if falling {
					return -n
				}
				return n
			}
		}
		return 0
	})
	out := table.New(t.Schema(), t.Rows())
	for i, column := range t.Schema().Columns {
		from, to := t.Cells(i), out.Cells(i)
		for _, row := range order {
			switch {
			case from.Null(row):
				to.AppendNull()
			case column.Kind.IsText():
				to.AppendText(from.Text(row))
			default:
				to.AppendInt(from.Int(row))
			}
		}
	}
	return out
}

// shortest is from which length on an id is looked for within other texts. A
// shorter one is in many by chance, and is looked for as a whole only.
const shortest = 6

// longest is how long a text may be that stands for outsiders.
const longest = 512

// mentions are the texts of some in which ids stand.
type mentions struct {
	ids   map[string]bool
	texts map[string]bool // true where one of the ids stands in it
}

// newMentions looks for ids in texts, all at once.
func newMentions(ids, texts []string) *mentions {
	m := &mentions{map[string]bool{}, map[string]bool{}}
	for _, id := range ids {
		m.ids[id] = true
	}
	var all []byte
	var starts []int
	var list []string
	for _, text := range texts {
		if _, ok := m.texts[text]; ok {
			continue
		}
		m.texts[text] = m.ids[text] || len(text) > longest
		if len(text) <= longest {
			starts, list = append(starts, len(all)), append(list, text)
			all = append(append(all, text...), 0)
		}
	}
	index := suffixarray.New(all)
	for id := range m.ids {
		if len(id) < shortest || len(id) > longest {
			continue
		}
		for _, at := range index.Lookup([]byte(id), -1) {
			if whole(all, at, len(id)) {
				m.texts[list[sort.SearchInts(starts, at+1)-1]] = true
			}
		}
	}
	return m
}

// whole reports whether what stands somewhere is no part of a longer number:
// 10.0.0.1 is not in 110.0.0.15.
func whole(text []byte, at, size int) bool {
	number := func(b byte) bool { return '0' <= b && b <= '9' }
	return (at == 0 || !number(text[at]) || !number(text[at-1])) &&
		(at+size >= len(text) || !number(text[at+size-1]) || !number(text[at+size]))
}

// in reports whether an id stands in a text. One that was not looked at is only
// compared.
func (m *mentions) in(text string) bool { return m.ids[text] || m.texts[text] }
