package ofauth

// How far an upload is, as values of Go.

// #include "shim.h"
import "C"

import (
	"fmt"
	"math"
	"time"
)

// Phase is what an upload is doing.
type Phase int32

const (
	// PhaseStarting is opening the source and asking for a plan.
	PhaseStarting Phase = C.OFAUTH_PHASE_STARTING
	// PhaseSending is sending bytes.
	PhaseSending Phase = C.OFAUTH_PHASE_SENDING
	// PhaseWaiting is starting nothing new for now, because the service's rate limit is used up.
	PhaseWaiting Phase = C.OFAUTH_PHASE_WAITING
	// PhaseCompleting is asking the service to finish, with every byte acknowledged.
	PhaseCompleting Phase = C.OFAUTH_PHASE_COMPLETING
	// PhaseDone is the end, confirmed by the service.
	PhaseDone Phase = C.OFAUTH_PHASE_DONE
)

// String is the phase in lower case.
func (p Phase) String() string {
	switch p {
	case PhaseStarting:
		return "starting"
	case PhaseSending:
		return "sending"
	case PhaseWaiting:
		return "waiting"
	case PhaseCompleting:
		return "completing"
	case PhaseDone:
		return "done"
	}
	return fmt.Sprintf("phase %d", int32(p))
}

// Unknown stands for a time of a [Progress] that is not known.
const Unknown time.Duration = -1

// Progress is how far an upload is: Acknowledged <= HandedOver <= Total, and none of them goes back.
type Progress struct {
	// Phase is what the upload is doing.
	Phase Phase
	// HandedOver are the bytes given to the network, whether they arrived or not. Bytes sent again do not count twice.
	HandedOver int64
	// Acknowledged are the bytes in parts that the service acknowledged. They reach Total only when the service has
	// confirmed the end.
	Acknowledged int64
	// Total are the bytes of the source.
	Total int64
	// SentAgain are the bytes that an expired session had acknowledged and that are sent once more.
	SentAgain int64
	// PartsDone are the parts that the service acknowledged.
	PartsDone int
	// PartsTotal are the parts of the plan, 0 while there is none.
	PartsTotal int
	// Retries are the tries that failed and were repeated.
	Retries int
	// Resumed are the bytes that an earlier run had sent. They are in Acknowledged from the start.
	Resumed int64
	// Rate is how many bytes per second this run hands over, evened out over some ten seconds; 0 while it is not known.
	Rate int64
	// ETA is how long the rest takes; [Unknown] while that is not known.
	ETA time.Duration
	// SessionLeft is how long the upload session lasts; [Unknown] if the service did not say.
	SessionLeft time.Duration
}

func progressOf(p *C.ofauth_progress) Progress {
	return Progress{
		Phase:        Phase(p.phase),
		HandedOver:   int64(p.handed_over),
		Acknowledged: int64(p.acknowledged),
		Total:        int64(p.total),
		SentAgain:    int64(p.sent_again),
		PartsDone:    int(p.parts_done),
		PartsTotal:   int(p.parts_total),
		Retries:      int(p.retries),
		Resumed:      int64(p.resumed),
		Rate:         int64(p.rate),
		ETA:          durationOf(p.eta_ms),
		SessionLeft:  durationOf(p.session_left_ms),
	}
}

// durationOf is a time of the library, none of which is as long as the longest of Go.
func durationOf(milliseconds C.uint64_t) time.Duration {
	if milliseconds == C.OFAUTH_UNKNOWN_MS || milliseconds > math.MaxInt64/C.uint64_t(time.Millisecond) {
		return Unknown
	}
	return time.Duration(milliseconds) * time.Millisecond
}
