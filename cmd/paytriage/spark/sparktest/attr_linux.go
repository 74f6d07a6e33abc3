package sparktest

import "syscall"

// attr lets a process of the cluster end with the test, whatever ends that.
func attr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
