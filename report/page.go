package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/html"
	"github.com/paytriage/paytriage/report/table"
)

// PageName is the name of the page in a case folder.
const PageName = "report.html"

// writePage writes the page of a case.
func writePage(w io.Writer, s *Summary, tables []*table.Table, m *Manifest, o html.Options) error {
	var text bytes.Buffer
	if err := WriteJSON(&text, s); err != nil {
		return err
	}
	return page(w, text.Bytes(), tables, m, o)
}

func page(w io.Writer, summary []byte, tables []*table.Table, m *Manifest, o html.Options) error {
	c := &html.Case{Summary: summary, Tables: tables, Version: m.Version, Reason: reasonDoc}
	for _, in := range m.Inputs {
		c.Inputs = append(c.Inputs, html.Input{Name: in.Name, Role: in.Role, SHA256: in.SHA256, Bytes: in.Bytes})
	}
	return html.Write(w, c, o)
}

// reasonDoc says what a code of a column reasons means.
func reasonDoc(code string) string {
	for _, r := range takeover.AllReasons() {
		if r.String() == code {
			return r.Doc()
		}
	}
	return ""
}

// WritePage writes the page of a finished case, from its folder alone. The case
// is proved first: what is not as its manifest says, or does not add up, is a
// *CheckError. With the same options it writes the bytes that analyze wrote.
func WritePage(w io.Writer, dir string, o html.Options) error {
	checks, m, err := Verify(dir, nil)
	if err != nil {
		return err
	}
	for _, c := range checks {
		// What lies beside a case is no part of it.
		if c.State == Differs && c.What != "nothing else in the folder" {
			return &CheckError{fmt.Errorf("%s: %s: %s", dir, c.What, c.Detail)}
		}
	}
	s, err := ReadSummary(dir)
	if err != nil {
		return err
	}
	var tables []*table.Table
	for _, schema := range Schemas() {
		t, err := Read(dir, schema.Name)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	return writePage(w, s, tables, m, o)
}

// Inside reports whether a file lies in the folder of a case, by whatever links.
func Inside(dir, file string) bool { return within(dir, file) }
