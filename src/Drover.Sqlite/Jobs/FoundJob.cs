using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>A job that was looked up to be changed.</summary>
/// <param name="Head">Its row.</param>
/// <param name="Lane">Its lane.</param>
/// <param name="Status">Its status.</param>
/// <param name="Live">What memory holds of it; null when it is finished, or nothing has happened to it.</param>
/// <param name="Fold">The fold of its events, when it is finished.</param>
internal sealed record FoundJob(JobHead Head, Lane Lane, JobStatus Status, LiveJob? Live, JobFold Fold)
{
    public long Seq => Head.Seq;

    public int EventNo => Live?.EventNo ?? Fold.EventNo;

    public int Attempt => Live?.Attempt ?? Fold.Attempt;

    public int AttemptsUsed => Live?.AttemptsUsed ?? Fold.AttemptsUsed;

    public JobChange Change(ChangeResult result, JobStatus to) =>
        new(Head.Id, result, Status, to, Lane.Queue.Name, Attempt, Live is null ? Fold.WorkerId : Live.WorkerId);

    /// <summary>What memory is to hold of it from now on.</summary>
    public LiveJob ToLive() => Live ?? new(Seq, Head.Id, Lane)
    {
        EventNo = Fold.EventNo,
        Attempt = Fold.Attempt,
        AttemptsUsed = Fold.AttemptsUsed,
        WorkerId = Fold.WorkerId,
        HasErrorText = Fold.Outcome?.Error is not null,
        LastOutputSeq = Fold.Attempt == 0 ? 0 : -1,
    };
}
