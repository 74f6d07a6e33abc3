package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	assess "github.com/paytriage/paytriage/forensics/quality"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// An answer is what a contestant found.
type answer struct {
	victims []string        // accounts
	charges []assess.Charge // theirs
	digest  string          // of all that it says, whatever the order and the notation
}

// String tells how much an answer is.
func (a *answer) String() string {
	return fmt.Sprintf("%d victims, %d charges, %.12s", len(a.victims), len(a.charges), a.digest)
}

// sheets are the files of an answer with their columns, in any order.
var sheets = []struct {
	file          string
	key           string // column that names a row
	texts, counts []string
	stamp         string
}{
	{"victims.csv", "account_id", nil, []string{"topups", "spend", "n"}, "first_fraud"},
	{"refunds.csv", "txn_id", []string{"account_id", "kind", "store_id", "device_id"}, []string{"amount"}, "event_time"},
}

// readAnswer reads the answer of a rival. Engines differ in how they write times
// and what is absent, so rows are brought to one notation and sorted.
func readAnswer(dir string) (*answer, error) {
	a := &answer{}
	sum := sha256.New()
	for _, s := range sheets {
		var lines []string
		columns := slices.Concat([]string{s.key, s.stamp}, s.texts, s.counts)
		err := eachRow(filepath.Join(dir, s.file), columns, func(get func(string) string) error {
			line := []string{get(s.key)}
			for _, c := range s.texts {
				line = append(line, absent(get(c)))
			}
			for _, c := range s.counts {
				n, err := count(get(c))
				if err != nil {
					return err
				}
				line = append(line, strconv.FormatInt(n, 10))
			}
			at, err := stamp(get(s.stamp))
			line = append(line, strconv.FormatInt(at, 10))
			lines = append(lines, strings.Join(line, "\x1f"))
			if s.key == "account_id" {
				a.victims = append(a.victims, get(s.key))
			} else {
				a.charges = append(a.charges, assess.Charge{Txn: get(s.key), Account: get("account_id"), Tier: takeover.Confirmed})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(lines)
		for _, line := range lines {
			io.WriteString(sum, line+"\n")
		}
		io.WriteString(sum, "\n")
	}
	a.digest = hex.EncodeToString(sum.Sum(nil))
	return a, nil
}

// absent is a text, of which ClickHouse writes \N if there is none.
func absent(text string) string {
	if text == `\N` {
		return ""
	}
	return text
}

// count reads a number, of which an engine may say that it is absent.
func count(text string) (int64, error) {
	if text = absent(text); text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// stamp reads a time in UTC in any of the notations of the engines.
func stamp(text string) (int64, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999-07"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMicro(), nil
		}
	}
	return 0, fmt.Errorf("cannot read the time %q", text)
}

// caseAnswer reads from the case what must be the same in every run.
func caseAnswer(dir string) (*answer, error) {
	a := &answer{}
	sum := sha256.New()
	for _, name := range []string{"victims.csv", "takeovers.csv", "charges.csv", "refunds.csv"} {
		f, err := os.Open(filepath.Join(dir, "case", name))
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	a.digest = hex.EncodeToString(sum.Sum(nil))
	return a, nil
}

// A quality says how right an answer is, in the words of paytriage evaluate.
type quality struct{ Victims, Charges measure }

// A measure counts what is right of what is called confirmed or probable, and
// what is found of what there is.
type measure struct {
	Named struct{ Precision, Recall assess.Share } `json:"confirmed_and_probable"`
}

// evaluate asks the program how right a case is.
func (c *contest) evaluate(ctx context.Context, folder, world string) (*quality, error) {
	out, err := command(ctx, c.dir, c.bin, "evaluate", folder, "--truth", world, "--json").Output()
	if err != nil {
		return nil, errors.New("evaluate: " + lastLine(err))
	}
	var q quality
	return &q, json.Unmarshal(out, &q)
}

// rate measures the answer of a rival as evaluate measures a case.
func rate(a *answer, world string) (*quality, error) {
	var t assess.Truth
	for name, read := range map[string]func(string, io.Reader) error{"truth_accounts.csv": t.ReadAccounts, "truth_charges.csv": t.ReadCharges} {
		f, err := os.Open(filepath.Join(world, name))
		if err != nil {
			return nil, err
		}
		err = read(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	found := assess.Findings{Charges: a.charges}
	for _, id := range a.victims {
		found.Takeovers = append(found.Takeovers, assess.Takeover{Account: id, Tier: takeover.Confirmed})
		found.Victims = append(found.Victims, assess.Victim{Account: id, Tier: takeover.Confirmed})
	}
	r, err := assess.Evaluate(&found, &t)
	if err != nil {
		return nil, err
	}
	var q quality
	q.Victims.Named.Precision, q.Victims.Named.Recall = r.Victims.Named.Precision, r.Victims.Named.Recall
	q.Charges.Named.Precision, q.Charges.Named.Recall = r.Charges.Named.Precision, r.Charges.Named.Recall
	return &q, nil
}

// eachRow calls f with each row of a CSV file, which must have some columns; get
// returns a cell of one of them.
func eachRow(path string, columns []string, f func(get func(string) string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	at := map[string]int{}
	for _, c := range columns {
		if at[c] = slices.Index(header, c); at[c] < 0 {
			return fmt.Errorf("%s: there is no column %s", path, c)
		}
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = f(func(column string) string { return row[at[column]] })
		}
		if err != nil {
			return fmt.Errorf("%s: byte %d: %w", path, r.InputOffset(), err)
		}
	}
}
