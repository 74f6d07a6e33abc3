// Package profile describes the world's exports as data: which fields of a log
// mean what, in which words, times, amounts and zones, and turns the records of
// such an export into fields of the neutral schema.
//
// A profile is one YAML file. Those of the well-known products are embedded;
// anybody's own has the same form and the same rights. Nothing in the program
// knows a product by name. A profile names fields by path, so it serves the
// product's JSON, the same flattened into the columns of a CSV or Parquet file,
// and key=value lines alike.
//
// Promises. What a profile does not say is not guessed: a time, amount or word
// that it does not cover makes a fault with a reason, never a value that looks
// right. Ids pass unchanged, except card numbers, which become tokens. Mapping a
// record allocates nothing. Files are hostile too: they are bounded in size,
// and a name that is misspelt is an error.
package profile

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is how long a profile may be, in bytes.
const MaxSize = 1 << 20

// A Profile is what one YAML file says.
type Profile struct {
	Name  string `yaml:"name"`
	Title string `yaml:"title"` // for people
	Role  string `yaml:"role"`  // auth or payments
	Seen  string `yaml:"seen"`  // where the shape was learnt
	// Syntax is "" for records with named fields, however they are written;
	// combined for access logs, lines for text that Patterns take apart, keyval
	// for key=value text.
	Syntax   string    `yaml:"syntax"`
	Header   string    `yaml:"header"` // of lines: syslog or ""
	Patterns []Pattern `yaml:"patterns"`
	// Columns names the fields of a file that has no header.
	Columns []string `yaml:"columns"`
	// Heading is the first field of the header in files where other records may
	// stand above it, Body are the first fields of the records that are rows;
	// all others (headings, totals) are passed over, however wide they are.
	Heading string   `yaml:"heading"`
	Body    []string `yaml:"body"`
	// Each is the path of an array whose elements are rows of their own.
	Each string `yaml:"each"`
	// Needs are the fields by which the export is recognised: of each entry one
	// must be there. Where must hold for most records.
	Needs []Paths `yaml:"needs"`
	Where Cond    `yaml:"where"`
	// AskFor says that the export looks like any other of its kind, so that it
	// is never recognised, only used where it is named.
	AskFor bool `yaml:"ask_for"`

	// Params are words that the user may give; "$name" stands for one in paths,
	// texts and conditions. The value here is the one where none is given; a
	// parameter without a value must be given.
	Params map[string]string `yaml:"params"`

	Zone     string   `yaml:"zone"`     // of stamps that carry none
	Currency string   `yaml:"currency"` // where no field says
	Absent   []string `yaml:"absent"`   // words that mean absent, in every field
	Pass     []Pass   `yaml:"pass"`

	Fields map[string]Rules `yaml:"fields"`
	// Rows are the rows that a record makes; none means one, of Fields alone.
	Rows []Row `yaml:"rows"`
	// Labels say what the export itself claims to be fraud.
	Labels map[string]Rules `yaml:"labels"`
	Notes  []string         `yaml:"notes"` // what a reader of this export should know
}

// A Pattern takes a line of text apart; see package lines.
type Pattern struct {
	Match    string            `yaml:"match"`    // a regular expression with named groups
	Contains string            `yaml:"contains"` // what a line must contain for Match to be tried
	Set      map[string]string `yaml:"set"`
}

// A Pass names records that are understood and are no event of an account: a
// fee, a payout to the merchant. They are counted by what they are.
type Pass struct {
	When Cond   `yaml:"when"`
	As   string `yaml:"as"`
}

// A Row is one row that a record makes. Its fields go before those of the
// profile.
type Row struct {
	When   Cond             `yaml:"when"`
	Fields map[string]Rules `yaml:"fields"`
}

// Rules are ways to find one field, the first that gives a value counts.
type Rules []Rule

// A Rule finds the text of a field. Of From, All and Text one is given.
type Rule struct {
	From Paths  `yaml:"from"` // the first that is there and not empty
	All  Paths  `yaml:"all"`  // all of them, joined; absent if any is
	Join string `yaml:"join"` // between All, a blank if not given
	Text string `yaml:"text"` // always this
	When Cond   `yaml:"when"`

	Words    map[string]string `yaml:"words"`    // whole words, whatever their case
	Prefixes map[string]string `yaml:"prefixes"` // beginnings of words; the longest counts
	// Other is what becomes of a word that is in neither: keep (the default),
	// absent, reject, or pass (the record is no event of an account).
	Other  string   `yaml:"other"`
	Absent []string `yaml:"absent"` // words that mean absent

	Prefix string `yaml:"prefix"` // put before the value
	Suffix string `yaml:"suffix"` // put behind it
	Strip  string `yaml:"strip"`  // taken away from its beginning
	Before string `yaml:"before"` // the value ends where this begins

	// As says what the value is: addr, forwarded (a list of proxies, of which the
	// last public address counts), country, asn, card, lower. Times and amounts
	// are known by their field.
	As string `yaml:"as"`

	Layout Paths  `yaml:"layout"` // of a time: see scalar.CompileLayout; tried in order
	Zone   string `yaml:"zone"`   // of a time: the path of its zone
	Base   string `yaml:"base"`   // of a time that counts steps: when step 0 was
	Step   int64  `yaml:"step"`   // and how long a step is, in seconds

	// Unit is of an amount: major (the default), minor, hundredths, or stripe or
	// adyen, whose minor units are not those of ISO 4217 for some currencies.
	Unit    string `yaml:"unit"`
	Decimal string `yaml:"decimal"` // of an amount: "." (the default) or ","
	Minus   Paths  `yaml:"minus"`   // of an amount: the debit column to take away
}

// Load reads a profile from YAML.
func Load(data []byte) (*Profile, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("a profile may have %d bytes, this one has %d", MaxSize, len(data))
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var p Profile
	if err := dec.Decode(&p); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the profile is empty")
		}
		return nil, err
	}
	if _, err := compile(&p, nil, true); err != nil {
		return nil, err
	}
	return &p, nil
}

//go:embed world/*.yaml
var world embed.FS

// All returns the embedded profiles in the order of their names.
func All() ([]*Profile, error) {
	entries, err := world.ReadDir("world")
	if err != nil {
		return nil, err
	}
	var all []*Profile
	for _, e := range entries {
		data, err := world.ReadFile(path.Join("world", e.Name()))
		if err != nil {
			return nil, err
		}
		p, err := Load(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		if p.Name+".yaml" != e.Name() {
			return nil, fmt.Errorf("%s is named %q", e.Name(), p.Name)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Profile) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Text returns the YAML of an embedded profile, to start one's own from.
func Text(name string) ([]byte, bool) {
	data, err := world.ReadFile(path.Join("world", name+".yaml"))
	return data, err == nil
}
