package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/samples/gen"
)

type fact struct {
	role, executor, lookalike string
	seen                      bool
	net                       int64
}

func TestProbe(t *testing.T) {
	for _, p := range append([]string{"list-type", "benign-month"}, probes()...) {
		probe(t, p)
	}
}

func probe(t *testing.T, name string) {
	var seed uint64
	preset := name
	if i := strings.IndexByte(name, ':'); i > 0 {
		preset = name[:i]
		seed, _ = strconv.ParseUint(name[i+1:], 10, 64)
	}
	w, err := gen.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if seed != 0 {
		w.Seed = seed
	}
	dir := t.TempDir()
	create := func(n string) *os.File {
		f, err := os.Create(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	a, pay, acc := create("auth.csv"), create("payments.csv"), create("acc.csv")
	if _, err := gen.Simulate(context.Background(), w, gen.Outputs{Auth: a, Payments: pay, Accounts: acc}, gen.Options{}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	pay.Close()
	acc.Close()
	b, _ := os.Open(acc.Name())
	rows, err := csv.NewReader(b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string]fact{}
	for _, r := range rows[1:] {
		n, _ := strconv.ParseInt(r[7], 10, 64)
		facts[r[0]] = fact{r[1], r[3], r[4], r[6] == "true", n}
	}
	log, err := parsers.Load(context.Background(), []parsers.Input{{Name: "auth.csv", Path: a.Name(), Role: event.Auth}, {Name: "payments.csv", Path: pay.Name(), Role: event.Payments}}, parsers.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	pol := policy.Default()
	c, err := forensics.Investigate(context.Background(), log, &pol, forensics.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	var victims, seen, found, foundSeen, wrong, total, off, totalSeen, offSeen int64
	got := map[string]int64{}
	tier := map[string]takeover.Tier{}
	for _, v := range c.Victims {
		tier[v.Account] = v.Tier
		if v.Tier < takeover.Probable {
			continue
		}
		got[v.Account] = v.NetLoss
		if facts[v.Account].role != "victim" {
			wrong++
			fmt.Printf("  wrong %s %v %+v net %d %v %v\n", v.Account, v.Tier, facts[v.Account], v.NetLoss, v.Score, v.Reasons)
		}
	}
	for _, v := range c.Takeovers {
		if v.Tier >= takeover.Probable && facts[v.Account].role != "victim" && facts[v.Account].role != "entered" {
			fmt.Printf("  wrong takeover %s %v %+v %v %v\n", v.Account, v.Tier, facts[v.Account], v.Score, v.Reasons)
		}
	}
	for id, f := range facts {
		if f.role != "victim" {
			continue
		}
		victims++
		n, ok := got[id]
		d := n - f.net
		if d < 0 {
			d = -d
		}
		total += f.net
		off += d
		if ok {
			found++
		}
		if f.seen {
			seen++
			totalSeen += f.net
			offSeen += d
			if ok {
				foundSeen++
			}
		}
		if d != 0 {
			fmt.Printf("  %s %+v got %d %v\n", id, f, n, tier[id])
		}
	}
	fmt.Printf("%s: victims %d seen %d found %d seen %d wrong %d; misplaced %d of %d, seen %d of %d (%.2f %%) newcomers %d prior %d wrongmilli %d\n", name, victims, seen, found, foundSeen, wrong, off, total, offSeen, totalSeen, 100*float64(offSeen)/float64(totalSeen+1), c.Newcomers, c.PriorPPB, c.WrongMilli)
}

func probes() (out []string) {
	for i := 1; i <= 24; i++ {
		out = append(out, fmt.Sprintf("list-type:%d", i))
	}
	for i := 1; i <= 12; i++ {
		out = append(out, fmt.Sprintf("benign-month:%d", i))
	}
	for _, p := range gen.Presets() {
		if p != "list-type" && p != "bench" && p != "7pay" && p != "benign-month" {
			out = append(out, p, p+":2")
		}
	}
	return out
}
