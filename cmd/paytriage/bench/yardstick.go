package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/csv"
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
	args := []string{"-c", script}
	args = append(append(append(args, train...), "--"), test...)
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, "python3", args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(problems.String()), "\n")
		return yardstick{skip: "skipped: " + cmp.Or(lines[len(lines)-1], err.Error())}
	}
	suspects, err := readSuspects(&out, worlds)
	if err != nil {
		return yardstick{skip: "skipped: " + err.Error()}
	}
	t := total(worlds)
	return compare(suspects, &t)
}

// readSuspects reads lines of world, account, odds.
func readSuspects(out *bytes.Buffer, worlds []score) ([]suspect, error) {
	rows, err := csv.NewReader(out).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []suspect
	for _, row := range rows {
		i := slices.IndexFunc(worlds, func(s score) bool { return len(row) == 3 && s.world == filepath.Base(row[0]) })
		if i < 0 {
			return nil, fmt.Errorf("yardstick.py answers %q", row)
		}
		odds, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, err
		}
		all = append(all, suspect{odds, worlds[i].isVictim[row[1]], worlds[i].isSeen[row[1]]})
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
