package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed yardstick.py
var script string

// A yardstick is what a classifier reaches that was trained on the truth. It
// gives every account a score; where the line is drawn is decided with the
// truth of the tested worlds at hand, in its favour.
type yardstick struct {
	skip      string // why it was not laid
	recall    share  // at no less than the case's precision
	precision share  // at no less than the case's recall
}

// A suspect is an account as the yardstick sees it.
type suspect struct {
	odds         float64
	robbed, seen bool
}

// lay trains the yardstick on worlds and measures it on others.
func lay(ctx context.Context, train, test []string, worlds []score) yardstick {
	all, skip := ask(ctx, train, test, worlds)
	if skip != "" {
		return yardstick{skip: skip}
	}
	t := total(worlds)
	return compare(slices.Concat(all...), &t)
}

// ask trains the yardstick on worlds and returns what it makes of others, by
// world, or why it cannot.
func ask(ctx context.Context, train, test []string, worlds []score) (all [][]suspect, skip string) {
	out, err := python(ctx, append(append(train[:len(train):len(train)], "--"), test...)...)
	if err == nil {
		all, err = readSuspects(out, worlds)
	}
	if err != nil {
		return nil, "skipped: " + err.Error()
	}
	return all, ""
}

// python runs the yardstick.
func python(ctx context.Context, args ...string) (*bytes.Buffer, error) {
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, "python3", append([]string{"-c", script}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(problems.String()), "\n")
		return nil, errors.New(cmp.Or(lines[len(lines)-1], err.Error()))
	}
	return &out, nil
}

// readSuspects reads lines of world, account, odds, and returns them by world.
func readSuspects(out *bytes.Buffer, worlds []score) ([][]suspect, error) {
	rows, err := csv.NewReader(out).ReadAll()
	if err != nil {
		return nil, err
	}
	all := make([][]suspect, len(worlds))
	for _, row := range rows {
		i := slices.IndexFunc(worlds, func(s score) bool { return len(row) == 3 && s.world == filepath.Base(row[0]) })
		if i < 0 {
			return nil, fmt.Errorf("yardstick.py answers %q", row)
		}
		odds, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, err
		}
		all[i] = append(all[i], suspect{odds, worlds[i].isVictim[row[1]], worlds[i].isSeen[row[1]]})
	}
	return all, nil
}

// compare draws the line once where the precision is the case's, and once where
// the recall is.
func compare(all []suspect, t *score) yardstick {
	slices.SortFunc(all, func(a, b suspect) int { return cmp.Compare(b.odds, a.odds) })
	y := yardstick{recall: share{0, t.seen}}
	var named, right, seen int64
	for i, s := range all {
		named++
		if s.robbed {
			right++
		}
		if s.seen {
			seen++
		}
		if i+1 < len(all) && all[i+1].odds == s.odds {
			continue // no line between equals
		}
		if right*max(t.named, 1) >= named*t.right {
			y.recall.part = seen
		}
		if seen >= t.seenHit && y.precision.whole == 0 {
			y.precision = share{right, named}
		}
	}
	return y
}
