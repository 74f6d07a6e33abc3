package report

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/report/console"
)

// What prints the lists that are needed first.
const (
	freezeList = "paytriage indicators %s --list freeze"
	blockList  = "paytriage indicators %s --format blocklist"
	cameraList = "paytriage indicators %s --list cameras"

	takeoverTable = "paytriage show %s takeovers"
	sourceTable   = "paytriage show %s sources"
)

// firstSteps lists what to do, the most urgent first, each with the command that
// prints what it needs.
func (v *voice) firstSteps(s *Summary, folder string) []console.Pair {
	var l told
	steps := 0
	add := func(what string, commands ...string) {
		steps++
		l.add(strconv.Itoa(steps), what)
		for _, command := range commands {
			l.add("", inFolder(command, folder))
		}
	}
	unread := func() {
		if n := s.Rows.Rejected; n > 0 {
			add(v.Plural(n, "read why %d row was rejected", "read why %d rows were rejected"), "paytriage show %s rejects")
		}
	}
	many := 10*s.Rows.Rejected >= s.Rows.Read
	if many {
		unread()
	}
	v.lock(s, add)
	if n := int64(s.Tables["sources"]); n > 0 {
		add(v.Plural(n, "block %d address or device of the attack", "block %d addresses, networks and devices of the attack"),
			v.T("for a firewall: %s", blockList), v.T("all of them: %s", sourceTable))
	}
	if n := int64(s.Tables["store_visits"]); n > 0 {
		add(v.Plural(n, "ask for the camera pictures of %d visit to a shop", "ask for the camera pictures of %d visits to shops"), cameraList)
	}
	v.lookAt(s, add)
	if owed := v.amounts(s, func(m *MoneySummary) int64 { return m.Owed }); len(owed) > 0 {
		add(v.T("pay back %s", v.List(owed)), "paytriage refunds %s")
	}
	if !many {
		unread()
	}
	return l.pairs
}

// lock adds the accounts to lock, and those to freeze that stolen money went to.
func (v *voice) lock(s *Summary, add func(what string, commands ...string)) {
	n := s.Takeovers.named()
	left, all := v.T("not emptied yet: %s", freezeList), v.T("all of them: %s", takeoverTable)
	switch {
	case n == 0:
	case s.blind(event.Auth) != "":
		add(v.Plural(n, "lock %d robbed account", "lock %d robbed accounts"), left, all)
	case s.EnteredOnly != nil && *s.EnteredOnly > 0:
		add(v.Plural(n, "lock %d entered account, first of all the %d not robbed yet", "lock %d entered accounts, first of all the %d not robbed yet", *s.EnteredOnly), left, all)
	default:
		add(v.Plural(n, "lock %d entered account", "lock %d entered accounts"), left, all)
	}
	if t := s.SentOn; t != nil && t.Accounts > t.Victims {
		add(v.Plural(t.Accounts-t.Victims, "freeze %d account that stolen money was sent to", "freeze %d accounts that stolen money was sent to"), "paytriage show %s mules")
	}
}

// lookAt adds what a person has to decide.
func (v *voice) lookAt(s *Summary, add func(what string, commands ...string)) {
	undecided := s.Takeovers.Possible
	if d := s.Decisions; d != nil {
		undecided -= d.PossibleConfirmed
	}
	if undecided > 0 {
		add(v.Plural(undecided, "look at %d possible case (tier possible)", "look at %d possible cases (tier possible)"), takeoverTable)
	}
	if p := s.AmountAndPace; p != nil && p.Listed && p.Accounts > p.Named {
		add(v.Plural(p.Accounts-p.Named, "look at %d account where amounts and pace alone fit", "look at %d accounts where amounts and pace alone fit"), "paytriage show %s amount_and_pace")
	}
}

// files says where everything is.
func (v *voice) files(folder string) []console.Pair {
	var l told
	l.add(v.T("case folder"), folder)
	l.add(v.T("the page"), filepath.Join(folder, PageName))
	l.add(v.T("every table"), inFolder("paytriage show %s TABLE", folder))
	if v.masker != nil {
		l.add(v.T("ids, not masked"), inFolder("paytriage show %s victims", folder))
	}
	l.add(v.T("why an account"), inFolder("paytriage explain %s ACCOUNT", folder))
	l.add(v.T("what words mean"), "paytriage help glossary")
	return l.pairs
}

// inFolder puts a folder into a command, so that a shell takes it for one word.
func inFolder(command, folder string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,"
	if folder == "" || strings.Trim(folder, plain) != "" {
		folder = "'" + strings.ReplaceAll(folder, "'", `'\''`) + "'"
	}
	return strings.Replace(command, "%s", folder, 1)
}
