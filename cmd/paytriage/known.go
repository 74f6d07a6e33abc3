package main

import (
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
)

// knownOptions name what people know beside the logs.
type knownOptions struct {
	balances, decisions, spentFirst string
	knownBad                        string
}

func (o *knownOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.balances, "balances", "", "CSV of what wallets held: account_id, currency, balance and, if need be, at (closing or opening) and as_of")
	f.StringVar(&o.decisions, "decisions", "", "CSV of what people decided: account_id, txn_id, decision (confirm or dismiss), who, why, when, validation")
	f.StringVar(&o.knownBad, "known-bad", "", "what others saw in attacks, as evidence: CSV with kind,value, a STIX 2.1 bundle, or a plain list of addresses")
	f.StringVar(&o.spentFirst, "spent-first", spentFirstWords[0], "whose money in a wallet counts as spent first: "+strings.Join(spentFirstWords, ", ")+"; shown per charge, changes no total")
}

// spentFirstWords are the orders of refund, as flags say them.
var spentFirstWords = []string{"fraud", "own", "pro-rata"}

func (o *knownOptions) order() (refund.Order, error) {
	for i, w := range spentFirstWords {
		if full := refund.Order(i).String(); o.spentFirst == w || o.spentFirst == full {
			return refund.Order(i), nil
		}
	}
	return 0, &usageError{fmt.Sprintf("--spent-first %q is none of %s", o.spentFirst, strings.Join(spentFirstWords, ", ")), "see 'paytriage analyze --help'"}
}

// paths returns the files that are named.
func (o *knownOptions) paths() []string {
	return slices.DeleteFunc([]string{o.balances, o.decisions, o.knownBad}, func(path string) bool { return path == "" })
}

// known is what people know, with what was read to know it.
type known struct {
	forensics.Known
	files  []forensics.File
	unread []forensics.UnreadRow
}

// read reads what is named. Nothing of it is used before all of it is right.
func (o *knownOptions) read() (*known, error) {
	order, err := o.order()
	if err != nil {
		return nil, err
	}
	k := &known{Known: forensics.Known{SpentFirst: order}}
	if o.balances != "" {
		if err := k.readBalances(o.balances); err != nil {
			return nil, err
		}
	}
	if o.decisions != "" {
		if err := k.readDecisions(o.decisions); err != nil {
			return nil, err
		}
	}
	if o.knownBad != "" {
		if err := k.readKnownBad(o.knownBad); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *known) readKnownBad(path string) error {
	f, err := openKnown("--known-bad", path)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := parsers.ReadKnownBad(f)
	if err == nil {
		err = f.rest()
	}
	if err != nil {
		return &hintError{fmt.Errorf("%s: %w", path, err), "give CSV with the columns kind (ip, network, user_agent, asn, device) and value, a STIX 2.1 bundle, or one address or network a line"}
	}
	k.Bad = b.Indicators
	for _, bad := range b.Bad {
		k.unread = append(k.unread, forensics.UnreadRow{Source: filepath.Base(path), Line: bad.Line, Reason: bad.Reason, Raw: bad.Raw})
	}
	file := f.file(forensics.KnownBadRole, path, b.Read, b.Rejected)
	file.Passed = b.Passed
	k.files = append(k.files, file)
	return nil
}

func (k *known) readBalances(path string) error {
	f, err := openKnown("--balances", path)
	if err != nil {
		return err
	}
	defer f.Close()
	name := filepath.Base(path)
	b, err := report.ReadBalances(f, name)
	if err == nil {
		err = f.rest()
	}
	if err != nil {
		return &hintError{fmt.Errorf("%s: %w", path, err), "a file of balances is CSV with the columns account_id, currency, balance and perhaps at and as_of; see 'paytriage analyze --help'"}
	}
	k.Balances, k.unread = b.Rows, b.Unread
	k.files = append(k.files, f.file(forensics.BalancesRole, path, b.Read, b.Rejected))
	return nil
}

func (k *known) readDecisions(path string) error {
	f, err := openKnown("--decisions", path)
	if err != nil {
		return err
	}
	defer f.Close()
	const hint = "decisions are CSV with the columns account_id, decision (confirm or dismiss), who, why, when and perhaps txn_id and validation"
	list, err := report.ReadDecisions(f)
	if err == nil {
		err = f.rest()
	}
	if err != nil {
		return &hintError{fmt.Errorf("%s: %w", path, err), hint}
	}
	if _, err := ledger.Latest(list); err != nil {
		return &hintError{fmt.Errorf("%s: %w%s", path, err, conflictLines(path, list, err)), "let a later row say which of them holds"}
	}
	k.Decisions = list
	k.files = append(k.files, f.file(forensics.DecisionsRole, path, int64(len(list)), 0))
	return nil
}

// conflictLines says on which lines the decisions of a conflict stand, or nothing
// where the file cannot be read again.
func conflictLines(path string, list []ledger.Decision, err error) string {
	var conflict *ledger.ConflictError
	f, openErr := os.Open(path)
	if openErr != nil {
		return ""
	}
	defer f.Close()
	if !errors.As(err, &conflict) {
		return ""
	}
	one, other := slices.Index(list, conflict.One), slices.Index(list, conflict.Other)
	var lines [2]int
	in := csv.NewReader(f)
	in.ReuseRecord = true
	for i := -1; i <= max(one, other); i++ { // -1 is the header
		if _, err := in.Read(); err != nil {
			return ""
		}
		line, _ := in.FieldPos(0)
		if i == one {
			lines[0] = line
		}
		if i == other {
			lines[1] = line
		}
	}
	return fmt.Sprintf(" (lines %d and %d)", min(lines[0], lines[1]), max(lines[0], lines[1]))
}

// A knownFile is a file that is hashed while it is read.
type knownFile struct {
	*os.File
	sum   hash.Hash
	bytes int64
}

func openKnown(flag, path string) (*knownFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &hintError{fmt.Errorf("%s: %w", flag, err), "check the name of the file"}
	}
	return &knownFile{File: f, sum: sha256.New()}, nil
}

func (f *knownFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.sum.Write(b[:n])
	f.bytes += int64(n)
	return n, err
}

// rest reads what its reader left unread, so that the hash is of all of it.
func (f *knownFile) rest() error {
	_, err := io.Copy(io.Discard, struct{ io.Reader }{f})
	return err
}

func (f *knownFile) file(role, path string, read, rejected int64) forensics.File {
	return forensics.File{Name: path, Role: role, Bytes: f.bytes, SHA256: [32]byte(f.sum.Sum(nil)),
		Read: read, Accepted: read - rejected, Rejected: rejected}
}
