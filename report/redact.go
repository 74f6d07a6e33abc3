package report

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/paytriage/paytriage/report/pseudonym"
	"github.com/paytriage/paytriage/report/table"
)

// Redact writes a copy of a finished case without its people. The case must hold
// against its manifest; checks that do not are a *CheckError. The copy has the
// formats of the case, unless others are asked for.
func (f *Folder) Redact(ctx context.Context, dir string) error {
	checks, m, err := Verify(dir, nil)
	if err != nil {
		return err
	}
	if n := checks.Count(Differs); n > 0 {
		return &CheckError{fmt.Errorf("%s: %d of %d checks do not hold", dir, n, len(checks))}
	}
	s, err := ReadSummary(dir)
	if err != nil {
		return err
	}
	var tables []*table.Table
	var formats []string
	for _, schema := range Schemas() {
		there := false
		for _, format := range Formats {
			if slices.ContainsFunc(m.Outputs, func(f File) bool { return f.Name == schema.Name+"."+format }) {
				there = true
				formats = append(formats, format)
			}
		}
		if !there {
			continue // a case of an earlier version
		}
		t, err := Read(dir, schema.Name)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	if len(f.opt.Formats) == 0 {
		f.opt.Formats = formats
	}
	hidden, err := hide(f.opt.Pseudonyms, tables, s, m)
	if err != nil {
		return err
	}
	if hidden.manifest.Redacted.Original, err = ManifestHash(dir); err != nil {
		return err
	}
	return f.write(ctx, hidden.tables, hidden.summary, hidden.manifest, nil)
}

// A hidden case is one without people.
type hidden struct {
	tables   []*table.Table
	summary  *Summary
	manifest *Manifest
}

// hide takes the people out of a case: out of the tables, out of whatever text
// the summary has, and out of the manifest the command line and the names of
// files. What is given stays as it is.
func hide(key *pseudonym.Key, tables []*table.Table, s *Summary, m *Manifest) (*hidden, error) {
	h := &hidden{summary: &Summary{}}
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, h.summary)
	}
	if err != nil {
		return nil, fmt.Errorf("summary: %w", err)
	}
	var files []pseudonym.File
	for _, in := range m.Inputs {
		files = append(files, pseudonym.File{Role: in.Role, Name: in.Name})
	}
	for i := range h.summary.Sources {
		h.summary.Sources[i].plain()
	}
	var texts []string
	everyText(reflect.ValueOf(h.summary), func(text string) string {
		texts = append(texts, text)
		return text
	})
	r := pseudonym.New(key, tables, files, texts)
	for _, t := range tables {
		t = r.Table(t)
		if err := t.Validate(); err != nil {
			return nil, err
		}
		h.tables = append(h.tables, t)
	}
	names := make([]string, len(h.summary.Sources))
	for i := range names {
		names[i] = r.File(h.summary.Sources[i].Name)
		h.summary.Sources[i].Name = ""
	}
	everyText(reflect.ValueOf(h.summary), r.Text)
	for i := range names {
		h.summary.Sources[i].Name = names[i]
	}
	h.manifest = emptyManifest([]string{})
	h.manifest.PolicyHash = m.PolicyHash
	h.manifest.Redacted = &Redaction{Key: key.Fingerprint()}
	for _, in := range m.Inputs {
		in.Name = r.File(in.Name)
		switch in.Role {
		case "auth", "payments", "history":
		default: // a list of a few people: whoever guesses them can check the guess by its hash
			in.Bytes, in.SHA256 = 0, ""
		}
		h.manifest.Inputs = append(h.manifest.Inputs, in)
	}
	return h, nil
}

// plain leaves of a source what is counted. Notes, troubles and the names of what
// was passed over are texts that may quote the file.
func (s *SourceCounts) plain() {
	sum := func(counts map[string]int64) (all map[string]int64) {
		var n int64
		for _, c := range counts {
			n += c
		}
		if n > 0 {
			all = map[string]int64{"all": n}
		}
		return all
	}
	s.Notes, s.Extra, s.Format = nil, nil, ""
	s.Passed, s.LeftOut = sum(s.Passed), sum(s.LeftOut)
	if s.Trouble != "" {
		s.Trouble = "could not be read to its end"
	}
}

// everyText calls change for every text that a value holds, keys of maps left
// out, and puts what it returns in its place.
func everyText(v reflect.Value, change func(string) string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			everyText(v.Elem(), change)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				everyText(v.Field(i), change)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			everyText(v.Index(i), change)
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(change(v.String()))
		}
	}
}
