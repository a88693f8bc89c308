package ofauth

// How far an upload is, as values of Go.

// #include "shim.h"
import "C"

import "fmt"

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
	}
}
