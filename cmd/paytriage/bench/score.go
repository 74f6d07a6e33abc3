package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A score is a case held against the truth of its world. Named is who the case
// calls a confirmed or probable victim, robbed who had an approved or pending
// charge of a thief's; seen are the robbed whose owner the log shows before the
// thief.
type score struct {
	world string
	took  time.Duration
	// accounts of the service, whether or not the logs show them
	accounts int64

	named, right    int64
	victims, found  int64
	seen, seenHit   int64
	wrong           [2]share // takeovers called confirmed, probable; of them wrong
	loss, off       int64    // yen of all accounts but the robbed unseen; sum of differences
	lossAll, offAll int64    // of all accounts
	vector, first   string   // the most frequent way in, and the one that the case ranks first
	cases           []string // accounts for a person to look at

	isVictim, isSeen map[string]bool
}

// A share is a part of a whole.
type share struct{ part, whole int64 }

func (s share) value() float64 { return float64(s.part) / float64(max(s.whole, 1)) }

// wilson returns the 95 % interval of a share.
func (s share) wilson() (lo, hi float64) {
	if s.whole == 0 {
		return 0, 1
	}
	const z = 1.959964
	n, p := float64(s.whole), s.value()
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max((mid-half)/(1+z*z/n), 0), min((mid+half)/(1+z*z/n), 1)
}

// truthVectors are the words of the truth that a case has other words for.
var truthVectors = map[string]string{"leak": "leak_or_insider", "bank_link": "reverse_brute_force"}

// A truth is what the simulator says of an account.
type truth struct {
	role, lookalike, executor string
	seen                      bool
	owed                      int64
}

// evaluate holds a case folder against the truth of a world.
func evaluate(world, folder string) (score, error) {
	s := score{isVictim: map[string]bool{}, isSeen: map[string]bool{}}
	all, err := s.readTruth(world)
	if err != nil {
		return s, err
	}
	priced, err := s.readVictims(folder, all)
	if err != nil {
		return s, err
	}
	s.price(all, priced)
	if err := s.readTakeovers(folder, all); err != nil {
		return s, err
	}
	return s, s.readVectors(folder)
}

func (s *score) readTruth(world string) (map[string]*truth, error) {
	all := map[string]*truth{}
	vectors := map[string]int{}
	err := eachRow(filepath.Join(world, "truth_accounts.csv"), func(get func(string) string) error {
		owed, err := strconv.ParseInt(get("net_loss"), 10, 64)
		all[get("account_id")] = &truth{
			role: get("role"), lookalike: get("lookalike"), executor: get("executor"),
			seen: get("owner_seen_before") == "true", owed: owed,
		}
		if v := get("vector"); v != "" {
			vectors[v]++
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for v, n := range vectors {
		if n > vectors[s.vector] || n == vectors[s.vector] && v < s.vector {
			s.vector = v
		}
	}
	s.vector = cmp.Or(truthVectors[s.vector], s.vector)
	err = eachRow(filepath.Join(world, "truth_charges.csv"), func(get func(string) string) error {
		if get("status") != "declined" {
			s.isVictim[get("account_id")] = true
		}
		return nil
	})
	for id := range s.isVictim {
		s.victims++
		if all[id] == nil {
			return nil, fmt.Errorf("%s: the truth has charges of an account that it does not list: %s", world, id)
		}
		if all[id].seen {
			s.isSeen[id] = true
			s.seen++
		}
	}
	return all, err
}

// readVictims returns what each named account is owed by the case.
func (s *score) readVictims(folder string, all map[string]*truth) (map[string]int64, error) {
	priced := map[string]int64{}
	err := eachRow(filepath.Join(folder, "victims.csv"), func(get func(string) string) error {
		id := get("account_id")
		if get("tier") == "possible" {
			return nil
		}
		owed, err := strconv.ParseInt(get("net_loss"), 10, 64)
		if _, again := priced[id]; again {
			return fmt.Errorf("account %s is there twice; worlds have one currency", id)
		}
		priced[id] = owed
		s.named++
		if s.isVictim[id] {
			s.right++
			s.found++
		} else {
			s.note("named", id, fmt.Sprintf("%s victim of %d yen, score %s, %s", get("tier"), owed, get("score"), get("reasons")), all[id])
		}
		if s.isSeen[id] {
			s.seenHit++
		}
		return err
	})
	return priced, err
}

// price compares what is owed with what the case says.
func (s *score) price(all map[string]*truth, priced map[string]int64) {
	add := func(id string, t *truth, said int64) {
		off := max(t.owed-said, said-t.owed)
		s.lossAll += t.owed
		s.offAll += off
		if s.isVictim[id] && !t.seen {
			return
		}
		s.loss += t.owed
		s.off += off
		if _, named := priced[id]; s.isVictim[id] && !named {
			s.note("missed", id, fmt.Sprintf("lost %d yen", t.owed), t)
		} else if off > 0 && s.isVictim[id] {
			s.note("priced", id, fmt.Sprintf("%d yen, owed are %d", said, t.owed), t)
		}
	}
	for id, t := range all {
		add(id, t, priced[id])
	}
	for id, said := range priced {
		if all[id] == nil {
			add(id, &truth{}, said)
		}
	}
}

func (s *score) readTakeovers(folder string, all map[string]*truth) error {
	return eachRow(filepath.Join(folder, "takeovers.csv"), func(get func(string) string) error {
		i := slices.Index([]string{"confirmed", "probable"}, get("tier"))
		if i < 0 {
			return nil
		}
		id := get("account_id")
		s.wrong[i].whole++
		if t := all[id]; t == nil || t.role != "victim" && t.role != "entered" {
			s.wrong[i].part++
			s.note("entry", id, fmt.Sprintf("%s takeover, score %s, %s", get("tier"), get("score"), get("reasons")), t)
		}
		return nil
	})
}

func (s *score) readVectors(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "summary.json"))
	if err != nil {
		return err
	}
	var summary struct {
		Vectors []struct{ Vector string }
	}
	err = json.Unmarshal(text, &summary)
	if len(summary.Vectors) > 0 {
		s.first = summary.Vectors[0].Vector
	}
	return err
}

// note keeps an account for a person to look at.
func (s *score) note(what, id, how string, t *truth) {
	who := "nobody special"
	if t != nil {
		who = t.role + " " + t.executor + " " + t.lookalike
	}
	s.cases = append(s.cases, fmt.Sprintf("%-6s %s (%s): %s", what, id, who, how))
}

// eachRow calls f with each row of a CSV file.
func eachRow(path string, f func(get func(string) string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("%s: cannot read the table: %w", path, err)
	}
	columns := map[string]int{}
	for i, name := range rows[0] {
		columns[name] = i
	}
	for i, row := range rows[1:] {
		err := f(func(name string) string {
			at, ok := columns[name]
			if !ok {
				panic(path + " has no column " + name)
			}
			return row[at]
		})
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+2, err)
		}
	}
	return nil
}

// total adds up scores.
func total(worlds []score) score {
	var t score
	for i := range worlds {
		s := &worlds[i]
		t.named, t.right = t.named+s.named, t.right+s.right
		t.victims, t.found = t.victims+s.victims, t.found+s.found
		t.seen, t.seenHit = t.seen+s.seen, t.seenHit+s.seenHit
		for k := range t.wrong {
			t.wrong[k].part += s.wrong[k].part
			t.wrong[k].whole += s.wrong[k].whole
		}
		t.loss, t.off = t.loss+s.loss, t.off+s.off
		t.lossAll, t.offAll = t.lossAll+s.lossAll, t.offAll+s.offAll
		t.took += s.took
		t.accounts += s.accounts
	}
	return t
}

func (s *score) precision() share { return share{s.right, s.named} }
func (s *score) recall() share    { return share{s.seenHit, s.seen} }

// vectors returns in how many worlds the right way in is ranked first.
func vectors(worlds []score) share {
	var v share
	for i := range worlds {
		if worlds[i].vector == "" {
			continue
		}
		v.whole++
		if worlds[i].first == worlds[i].vector {
			v.part++
		}
	}
	return v
}
