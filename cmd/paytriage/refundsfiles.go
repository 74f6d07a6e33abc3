package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/payout"
	"github.com/paytriage/paytriage/report/register"
	"github.com/paytriage/paytriage/report/table"
)

// write writes all files, makes the export count, and puts them in their place.
func (x *exporter) write(cmd *cobra.Command, r *register.Register, plan *register.Plan, batches []batch, out *exported) error {
	stage, err := r.Stage()
	if err != nil {
		return err
	}
	defer stage.Discard()
	e := register.Export{Draft: x.draft, Out: x.out, Entries: plan.Entries}
	for i := range batches {
		f, err := writeBatch(stage.Path, &batches[i])
		if err != nil {
			return err
		}
		e.Files = append(e.Files, f)
		for _, at := range batches[i].entries {
			e.Entries[at].File = f.Name
		}
		batches[i].Payments = nil
	}
	plan.Entries, plan.Lines = nil, nil
	lists, err := writeLists(stage.Path, &e, plan.Left)
	if err != nil {
		return err
	}
	e.Files = append(e.Files, lists...)
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	done := e
	e = register.Export{} // not held beside what the register makes of it
	rec, err := r.Commit(stage, done)
	if rec != nil {
		out.Record, out.Hash, out.Files, out.Out = rec.Seq, rec.Hash(), rec.Export.Files, rec.Export.Out
	}
	if rec != nil && err != nil {
		return &writtenError{err, "run any of the refunds commands on this ledger again to put the files in their place"}
	}
	return err
}

// create writes a file of a stage and returns what the register keeps of it.
func create(dir, name, format string, write func(io.Writer) error) (register.File, error) {
	f := register.File{Name: name, Format: format, Sums: []register.Sum{}}
	w, err := atomicfile.Create(filepath.Join(dir, name), 0o600)
	if err != nil {
		return f, err
	}
	defer w.Discard()
	if err := write(w); err != nil {
		return f, err
	}
	size, sum, err := w.Commit()
	f.Bytes, f.SHA256 = size, hex.EncodeToString(sum[:])
	return f, err
}

// writeBatch writes a payout file, reads it back, and takes its totals from it.
func writeBatch(dir string, b *batch) (register.File, error) {
	f, err := create(dir, b.file, b.Name, func(w io.Writer) error {
		_, err := payout.Write(w, b.Name, &b.Batch)
		return err
	})
	if err != nil {
		return f, err
	}
	written, err := os.Open(filepath.Join(dir, b.file))
	if err != nil {
		return f, err
	}
	defer written.Close()
	read, err := payout.Verify(written, b.Name, &b.Batch)
	if errors.Is(err, payout.ErrDiffers) {
		return f, &checkError{fmt.Sprintf("%s: %v", b.file, err), "nothing was exported; try again, and if it happens again, in another format"}
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w", b.file, err)
	}
	f.Count = read.Count
	for _, s := range read.Sums {
		f.Sums = append(f.Sums, register.Sum{Currency: s.Currency.String(), Minor: s.Minor})
	}
	return f, nil
}

// listSchema is the table of entries that are no payments by a bank or processor.
var listSchema = table.Schema{Name: "entries", Doc: "an exported entry that no payout file pays", Columns: []table.Column{
	{Name: "name", Kind: table.Text, Doc: "id under which it is exported"},
	{Name: "refund_id", Kind: table.Text, Doc: "id of the obligation"},
	{Name: "account_id", Kind: table.Text, Doc: "account"},
	{Name: "component", Kind: table.Code, Doc: "what the line is for"},
	{Name: "channel", Kind: table.Code, Doc: "channel of the line"},
	{Name: "amount", Kind: table.Amount, Doc: "minor units; negative is taken back"},
	{Name: "currency", Kind: table.Code, Doc: "currency"},
	{Name: "target", Kind: table.Amount, Doc: "what the obligation is now, minor units"},
}}

// lists are the files of what is no payment by a bank or processor.
var lists = []struct {
	name string
	way  register.Way
}{
	{"wallet_credits.csv", register.Credit},
	{"wallet_corrections.csv", register.Clawback},
	{"recovery.csv", register.Recovery},
}

// writeLists writes the lists of an export, and that of what it left.
func writeLists(dir string, e *register.Export, left []register.Left) ([]register.File, error) {
	var files []register.File
	for _, list := range lists {
		t := table.New(listSchema, 0)
		row := t.Appender()
		for i := range e.Entries {
			entry := &e.Entries[i]
			if entry.Way != list.way {
				continue
			}
			entry.File = list.name
			row.Text(string(entry.Name))
			row.Text(string(entry.ID))
			row.Text(string(entry.Account))
			row.Code(entry.Component)
			row.Code(entry.Channel)
			row.Amount(entry.Amount)
			row.Code(entry.Currency)
			row.Amount(entry.Target)
			row.End()
		}
		if t.Rows() == 0 {
			continue
		}
		f, err := writeList(dir, list.name, t)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(left) == 0 {
		return files, nil
	}
	t := leftTable(left)
	f, err := create(dir, "not_exported.csv", "list", func(w io.Writer) error { return csvfile.Write(w, t) })
	return append(files, f), err
}

// writeList writes a list, reads it back, and takes its totals from it.
func writeList(dir, name string, t *table.Table) (register.File, error) {
	f, err := create(dir, name, "list", func(w io.Writer) error { return csvfile.Write(w, t) })
	if err != nil {
		return f, err
	}
	written, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return f, err
	}
	defer written.Close()
	read, err := csvfile.Read(written, t.Schema())
	if err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	if read.CanonicalHash() != t.CanonicalHash() {
		return f, &checkError{name + ": the file is not what was to be written", "nothing was exported; try again"}
	}
	sums := totals{}
	cells := cellsOf(read)
	for row := range read.Rows() {
		sums.add(cells("currency").Text(row), cells("amount").Int(row))
	}
	f.Count = int64(read.Rows())
	f.Sums, err = sums.sums()
	return f, err
}

// leftTable lists lines that were not exported.
func leftTable(left []register.Left) *table.Table {
	s := table.Schema{Name: "not_exported", Doc: "a line of the draft that was not exported", Columns: []table.Column{
		{Name: "refund_id", Kind: table.Text, Doc: "id of the obligation"},
		{Name: "account_id", Kind: table.Text, Doc: "account"},
		{Name: "component", Kind: table.Code, Doc: "what the line is for"},
		{Name: "channel", Kind: table.Code, Doc: "channel of the line"},
		{Name: "payable", Kind: table.Amount, Doc: "minor units"},
		{Name: "currency", Kind: table.Code, Doc: "currency"},
		{Name: "exported", Kind: table.Amount, Doc: "what stands exported for it, minor units"},
		{Name: "why", Kind: table.Code, Doc: "why it was not exported"},
		{Name: "detail", Kind: table.Text, Nullable: true, Doc: "more of why"},
	}}
	t := table.New(s, len(left))
	row := t.Appender()
	for i := range left {
		l := &left[i]
		row.Text(string(l.Line.ID))
		row.Text(string(l.Line.Account))
		row.Code(l.Line.Component)
		row.Code(l.Line.Channel)
		row.Amount(l.Line.Payable)
		row.Code(l.Line.Currency)
		row.Amount(l.Exported)
		row.Code(string(l.Why))
		row.TextOrNull(l.Text)
		row.End()
	}
	return t
}
