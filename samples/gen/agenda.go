package gen

// A task is something that will happen to an account.
type task struct {
	at     int64
	order  uint32 // first come, first served at the same moment
	do     doing
	set    uint8 // which of the owner's devices
	store  int32
	about  int32 // an index, by the kind of task
	amount int64
}

// A doing is the kind of a task.
type doing uint8

const (
	doOpen doing = iota
	doVisit
	doLook
	doBuy
	doTopup
	doSettle
	doPay
	doRefund
	doReverse
	doChargeback
	doBook
	doStorm
	doHandset
	doReinstall
	doSettings
	doLock
	doReserve
	doSend
	doReceive
	doNotice
	doEnter
	doArrive
	doSteal
	doSpend
	doMuleTopup
	doMuleSend
	doMuleReceive
	doMuleSpend
)

// An agenda is the tasks of an account, as a heap: the earliest first.
type agenda struct {
	tasks []task
	added uint32
}

func (a *agenda) reset() { a.tasks, a.added = a.tasks[:0], 0 }

func (t *task) before(u *task) bool {
	return t.at < u.at || t.at == u.at && t.order < u.order
}

func (a *agenda) push(t task) {
	t.order = a.added
	a.added++
	a.tasks = append(a.tasks, t)
	for i := len(a.tasks) - 1; i > 0; {
		up := (i - 1) / 2
		if !a.tasks[i].before(&a.tasks[up]) {
			return
		}
		a.tasks[i], a.tasks[up] = a.tasks[up], a.tasks[i]
		i = up
	}
}

func (a *agenda) pop() task {
	first := a.tasks[0]
	last := len(a.tasks) - 1
	a.tasks[0] = a.tasks[last]
	a.tasks = a.tasks[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if a.tasks[child].before(&a.tasks[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		a.tasks[i], a.tasks[least] = a.tasks[least], a.tasks[i]
		i = least
	}
}
