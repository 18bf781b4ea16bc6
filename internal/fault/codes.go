package fault

// Code is a stable name for one thing that can go wrong: "room/what". A code
// is never reused for another meaning; clients branch on it.
type Code string

// Entry says of a code what a client needs to know. docs/reference/errors.md
// is generated from the catalog.
type Entry struct {
	Kind Kind
	Help string // what it means and what to do, one sentence
}

// The codes, by room.
const (
	InternalError Code = "loam/internal"
	Unready       Code = "loam/unavailable"

	QueryMalformed    Code = "query/malformed"
	QueryUnknownField Code = "query/unknown_field"
	QueryUnknownModel Code = "query/unknown_model"
	QueryUnknownOp    Code = "query/unknown_operator"
	QueryBadValue     Code = "query/bad_value"
	QueryNotSortable  Code = "query/not_sortable"
	QueryBadCursor    Code = "query/bad_cursor"
	QueryTooComplex   Code = "query/too_complex"
	QueryLimit        Code = "query/limit"
	QueryRequired     Code = "query/required"
	QueryReadOnly     Code = "query/read_only"
	QueryNoSearch     Code = "query/no_search"
	QueryCheckFailed  Code = "query/check_failed"

	AccessSignIn         Code = "access/sign_in"
	AccessDenied         Code = "access/denied"
	AccessFieldDenied    Code = "access/field_denied"
	AccessNoOrganization Code = "access/no_organization"

	StoreBusy Code = "store/busy"
	StoreFull Code = "store/full"

	DataNotFound      Code = "data/not_found"
	DataNoReference   Code = "data/no_reference"
	DataReferenced    Code = "data/referenced"
	DataDuplicate     Code = "data/duplicate"
	DataVersion       Code = "data/version"
	DataCondition     Code = "data/condition_failed"
	DataBatchLimit    Code = "data/batch_limit"
	DataKeyReused     Code = "data/idempotency_key_reused"
	DataKeyInProgress Code = "data/idempotency_key_in_progress"
)

// Catalog holds every code. It is never written after start.
var Catalog = map[Code]Entry{
	InternalError: {Internal, "A mistake of ours. The request id in the answer finds the log entry."},
	Unready:       {Unavailable, "The server is starting, stopping or overloaded. Try again after Retry-After."},

	QueryMalformed:    {Invalid, "The request is not well formed: bad JSON, a duplicate key, invalid UTF-8, a NUL byte, or nested too deep."},
	QueryUnknownField: {Invalid, "The model has no such field. The message suggests the nearest name."},
	QueryUnknownModel: {NotFound, "The schema has no such model."},
	QueryUnknownOp:    {Invalid, "The field's type does not have this filter operator. The message lists those it has."},
	QueryBadValue:     {Invalid, "A value does not fit its field's type."},
	QueryNotSortable:  {Invalid, "Sort by plain fields that you may read; lists, embedded types and JSON have no order."},
	QueryBadCursor:    {Invalid, "The cursor was not made by this query for this caller. Start again without it."},
	QueryTooComplex:   {Invalid, "The query is over a limit of depth, breadth, cost or size. The message names the limit."},
	QueryLimit:        {Invalid, "The page size is out of range. The message names the range."},
	QueryRequired:     {Invalid, "A required value is missing."},
	QueryReadOnly:     {Invalid, "The field is set by the server and can't be written."},
	QueryNoSearch:     {Invalid, "The model has no @search index."},
	QueryCheckFailed:  {Invalid, "A value fails the field's @validate check."},

	AccessSignIn:         {Unauthenticated, "Nobody is signed in. Send Authorization: Bearer <access token>, or X-Api-Key."},
	AccessDenied:         {Forbidden, "No rule of the model allows this operation for this caller."},
	AccessFieldDenied:    {Forbidden, "No rule of the field allows this caller to read or write it."},
	AccessNoOrganization: {Forbidden, "The model belongs to an organization, and the caller has none active. Create one or switch to one."},

	StoreBusy: {Unavailable, "The database is busy. Try again."},
	StoreFull: {StorageFull, "The disk is full. Nothing was written; reads go on."},

	DataNotFound:      {NotFound, "There is no such row, or none that the caller may see."},
	DataNoReference:   {Invalid, "A reference points to a row that does not exist, or that the caller may not see."},
	DataReferenced:    {Conflict, "Other rows need this one. Delete or re-point them first."},
	DataDuplicate:     {Conflict, "Another row already has this unique value."},
	DataVersion:       {Precondition, "The row has changed since it was read. Read it again and retry."},
	DataCondition:     {Precondition, "The row does not meet the condition sent along."},
	DataBatchLimit:    {Invalid, "The batch has too many operations. The message names the limit."},
	DataKeyReused:     {Unprocessable, "The Idempotency-Key was used before with another request."},
	DataKeyInProgress: {Conflict, "A request with this Idempotency-Key is still running. Try again shortly."},
}
