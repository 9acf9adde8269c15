using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Jobs to accept, and the answer.</summary>
internal static class EnqueueMessages
{
    // first_id uuid | idempotency_key optional text | fingerprint optional text | jobs: count var, spec each
    public static void Write(FrameWriter w, EnqueueRequest request)
    {
        w.Uuid(request.FirstId ?? Guid.Empty);
        w.OptionalText(request.IdempotencyKey);
        w.OptionalText(request.Fingerprint);
        w.Count(request.Jobs.Count);
        foreach (var job in request.Jobs)
            SpecCodec.Write(w, job);
    }

    public static EnqueueRequest Read(ref BodyReader r)
    {
        var firstId = r.Uuid();
        string? key = r.OptionalText(), fingerprint = r.OptionalText();
        int count = r.Count(2);
        if (count > JobRules.MaxBatch)
            throw new ProtocolException(ErrorCode.TooLarge, $"{count} jobs are more than the {JobRules.MaxBatch} that one request may hold.");
        var jobs = new JobSpec[count];
        for (int i = 0; i < count; i++)
            jobs[i] = SpecCodec.Read(ref r);
        r.End();
        return new(jobs, key, fingerprint) { FirstId = firstId == Guid.Empty ? null : firstId };
    }

    // last_event_seq i64 | replayed bool | jobs: count var, each: id uuid | status u8 | duplicate bool
    public static void WriteReply(FrameWriter w, EnqueueResult result, long lastEventSeq)
    {
        w.I64(lastEventSeq);
        w.Bool(result.Replayed);
        w.Count(result.Jobs.Count);
        foreach (var job in result.Jobs)
        {
            w.Uuid(job.Id);
            w.U8((byte)job.Status);
            w.Bool(job.Duplicate);
        }
    }

    public static EnqueueResult ReadReply(ref BodyReader r)
    {
        bool replayed = r.Bool();
        var jobs = new EnqueuedJob[r.Count(18)];
        for (int i = 0; i < jobs.Length; i++)
            jobs[i] = new(r.Uuid(), JobCodec.ReadStatus(ref r), r.Bool());
        return new(jobs, replayed);
    }
}
