using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Cancel, retry, update, delete, get: requests that name jobs by id.</summary>
internal static class ChangeMessages
{
    // ids: count var, uuid each
    public static void WriteIds(FrameWriter w, IReadOnlyList<Guid> ids)
    {
        w.Count(ids.Count);
        foreach (var id in ids)
            w.Uuid(id);
    }

    public static Guid[] ReadIds(ref BodyReader r)
    {
        var ids = new Guid[Batch.ReadCount(ref r, 16)];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = r.Uuid();
        return ids;
    }

    // ids | by optional text
    public static void WriteCancel(FrameWriter w, IReadOnlyList<Guid> ids, string? by)
    {
        WriteIds(w, ids);
        w.OptionalText(by);
    }

    // id uuid | has u8 | bit 0: priority int | bit 1: run_at time
    public static void WriteUpdate(FrameWriter w, Guid id, JobUpdate update)
    {
        w.Uuid(id);
        w.U8((byte)((update.Priority is null ? 0 : 1) | (update.RunAt is null ? 0 : 2)));
        if (update.Priority is { } priority)
            w.Int(priority);
        if (update.RunAt is { } runAt)
            w.Time(runAt);
    }

    public static (Guid Id, JobUpdate Update) ReadUpdate(ref BodyReader r)
    {
        var id = r.Uuid();
        byte has = r.UpTo(3);
        return (id, new((has & 1) != 0 ? r.Int() : null, (has & 2) != 0 ? r.Time() : null));
    }

    // last_event_seq i64 | changes: count var, each as in JobCodec.WriteChange
    public static void WriteReply(FrameWriter w, IReadOnlyList<JobChange> changes, long lastEventSeq)
    {
        w.I64(lastEventSeq);
        w.Count(changes.Count);
        for (int i = 0; i < changes.Count; i++)
            JobCodec.WriteChange(w, changes[i]);
    }

    public static IReadOnlyList<JobChange> ReadReply(ref BodyReader r)
    {
        var changes = new JobChange[r.Count(22)];
        for (int i = 0; i < changes.Length; i++)
            changes[i] = JobCodec.ReadChange(ref r);
        return changes;
    }

    // jobs: count var, each: there bool | if there: job
    public static void WriteJobs(FrameWriter w, IReadOnlyList<Job?> jobs)
    {
        w.Count(jobs.Count);
        foreach (var job in jobs)
        {
            w.Bool(job is not null);
            if (job is not null)
                JobCodec.Write(w, job);
        }
    }

    public static IReadOnlyList<Job?> ReadJobs(ref BodyReader r)
    {
        var jobs = new Job?[r.Count(1)];
        for (int i = 0; i < jobs.Length; i++)
            jobs[i] = r.Bool() ? JobCodec.Read(ref r) : null;
        return jobs;
    }
}

/// <summary>Lists in requests.</summary>
internal static class Batch
{
    /// <summary>How many items follow; more than a batch may hold is refused before anything is allocated.</summary>
    public static int ReadCount(ref BodyReader r, int itemBytes)
    {
        int count = r.Count(itemBytes);
        return count <= JobRules.MaxBatch
            ? count
            : throw new ProtocolException(ErrorCode.TooLarge, $"{count} items are more than the {JobRules.MaxBatch} that one request may hold.");
    }
}
