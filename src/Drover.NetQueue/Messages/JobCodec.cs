using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Jobs as the store knows them, and what became of changes to them.</summary>
internal static class JobCodec
{
    [Flags]
    private enum Has : uint
    {
        RunAt = 1, StartedAt = 2, FinishedAt = 4, Outcome = 8, CancelRequestedAt = 16, CanceledBy = 32, WorkerId = 64, Known = 127,
    }

    // id uuid | seq i64 | status u8 | priority int | created_at time | attempt int | attempts_used int | spec | has var
    // then each whose bit is set: 0 run_at time | 1 started_at time | 2 finished_at time | 3 outcome | 4 cancel_requested_at time
    // 5 canceled_by text | 6 worker_id text; then attempts: count var, each
    //   number int | worker_id text | started_at time | ended bool | if ended: finished_at time, outcome
    public static void Write(FrameWriter w, Job job)
    {
        w.Uuid(job.Id);
        w.I64(job.Seq);
        w.U8((byte)job.Status);
        w.Int(job.Priority);
        w.Time(job.CreatedAt);
        w.Int(job.Attempt);
        w.Int(job.AttemptsUsed);
        SpecCodec.Write(w, job.Spec);
        w.Var((uint)FieldsOf(job));
        if (job.RunAt is { } runAt)
            w.Time(runAt);
        if (job.StartedAt is { } startedAt)
            w.Time(startedAt);
        if (job.FinishedAt is { } finishedAt)
            w.Time(finishedAt);
        if (job.Outcome is { } outcome)
            OutcomeCodec.Write(w, outcome);
        if (job.CancelRequestedAt is { } cancelAt)
            w.Time(cancelAt);
        if (job.CanceledBy is { } by)
            w.Text(by);
        if (job.WorkerId is { } worker)
            w.Text(worker);
        w.Count(job.Attempts.Count);
        foreach (var attempt in job.Attempts)
            WriteAttempt(w, attempt);
    }

    public static Job Read(ref BodyReader r)
    {
        var job = new Job
        {
            Id = r.Uuid(),
            Seq = r.I64(),
            Status = ReadStatus(ref r),
            Priority = r.Int(),
            CreatedAt = r.Time(),
            Attempt = r.Int(),
            AttemptsUsed = r.Int(),
            Spec = SpecCodec.Read(ref r),
        };
        var has = (Has)r.Var();
        if ((has & ~Has.Known) != 0)
            throw BodyReader.Malformed("A job's state has fields that are not known here.");
        return job with
        {
            RunAt = has.HasFlag(Has.RunAt) ? r.Time() : null,
            StartedAt = has.HasFlag(Has.StartedAt) ? r.Time() : null,
            FinishedAt = has.HasFlag(Has.FinishedAt) ? r.Time() : null,
            Outcome = has.HasFlag(Has.Outcome) ? OutcomeCodec.Read(ref r) : null,
            CancelRequestedAt = has.HasFlag(Has.CancelRequestedAt) ? r.Time() : null,
            CanceledBy = has.HasFlag(Has.CanceledBy) ? r.Word() : null,
            WorkerId = has.HasFlag(Has.WorkerId) ? r.Word() : null,
            Attempts = ReadAttempts(ref r),
        };
    }

    // id uuid | result u8 | from u8 | to u8 | queue text | attempt int | worker_id optional text
    public static void WriteChange(FrameWriter w, JobChange change)
    {
        w.Uuid(change.Id);
        w.U8((byte)change.Result);
        w.U8((byte)change.From);
        w.U8((byte)change.To);
        w.Text(change.Queue);
        w.Int(change.Attempt);
        w.OptionalText(change.WorkerId);
    }

    public static JobChange ReadChange(ref BodyReader r) => new(
        r.Uuid(), (ChangeResult)r.UpTo((byte)ChangeResult.LeaseLost), (JobStatus)r.UpTo((byte)JobStatus.Canceled),
        (JobStatus)r.UpTo((byte)JobStatus.Canceled), r.Word(), r.Int(), r.Bool() ? r.Word() : null);

    public static JobStatus ReadStatus(ref BodyReader r) => (JobStatus)r.UpTo((byte)JobStatus.Canceled);

    // job_id uuid | attempt int
    public static void WriteToken(FrameWriter w, LeaseToken token)
    {
        w.Uuid(token.JobId);
        w.Int(token.Attempt);
    }

    public static LeaseToken ReadToken(ref BodyReader r) => new(r.Uuid(), r.Int());

    public const int TokenBytes = 17;

    private static void WriteAttempt(FrameWriter w, JobAttempt attempt)
    {
        w.Int(attempt.Number);
        w.Text(attempt.WorkerId);
        w.Time(attempt.StartedAt);
        bool ended = attempt.FinishedAt is not null && attempt.Outcome is not null;
        w.Bool(ended);
        if (!ended)
            return;
        w.Time(attempt.FinishedAt!.Value);
        OutcomeCodec.Write(w, attempt.Outcome!);
    }

    private static JobAttempt[] ReadAttempts(ref BodyReader r)
    {
        int count = r.Count(11);
        if (count == 0)
            return [];
        var attempts = new JobAttempt[count];
        for (int i = 0; i < count; i++)
        {
            var attempt = new JobAttempt { Number = r.Int(), WorkerId = r.Word(), StartedAt = r.Time() };
            attempts[i] = r.Bool() ? attempt with { FinishedAt = r.Time(), Outcome = OutcomeCodec.Read(ref r) } : attempt;
        }

        return attempts;
    }

    private static Has FieldsOf(Job job) =>
        (job.RunAt is null ? 0 : Has.RunAt) | (job.StartedAt is null ? 0 : Has.StartedAt) | (job.FinishedAt is null ? 0 : Has.FinishedAt)
        | (job.Outcome is null ? 0 : Has.Outcome) | (job.CancelRequestedAt is null ? 0 : Has.CancelRequestedAt)
        | (job.CanceledBy is null ? 0 : Has.CanceledBy) | (job.WorkerId is null ? 0 : Has.WorkerId);
}
