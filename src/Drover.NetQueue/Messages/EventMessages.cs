using Drover.Events;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>Subscriptions and the events pushed for them.</summary>
internal static class EventMessages
{
    // topics u8 | has u8 | then each whose bit is set: 0 after i64 | 1 job_id uuid
    public static void WriteSubscribe(FrameWriter w, EventTopics topics, long? after, Guid? jobId)
    {
        w.U8((byte)topics);
        w.U8((byte)((after is null ? 0 : 1) | (jobId is null ? 0 : 2)));
        if (after is { } seq)
            w.I64(seq);
        if (jobId is { } id)
            w.Uuid(id);
    }

    public static (EventTopics Topics, long? After, Guid? JobId) ReadSubscribe(ref BodyReader r)
    {
        var topics = (EventTopics)r.UpTo((byte)EventTopics.All);
        byte has = r.UpTo(3);
        return (topics, (has & 1) != 0 ? r.I64() : null, (has & 2) != 0 ? r.Uuid() : null);
    }

    // events, one after the other to the end of the frame, each:
    // seq i64 | at time | kind u8 | has u8 | then each whose bit is set: 0 job_id uuid, status u8, attempt int | 1 subject text
    public static void Write(FrameWriter w, in BrokerEvent e)
    {
        bool job = e.JobId != Guid.Empty || e.Status != 0 || e.Attempt != 0;
        w.I64(e.Seq);
        w.Time(e.At);
        w.U8((byte)e.Kind);
        w.U8((byte)((job ? 1 : 0) | (e.Subject is null ? 0 : 2)));
        if (job)
        {
            w.Uuid(e.JobId);
            w.U8((byte)e.Status);
            w.Int(e.Attempt);
        }

        if (e.Subject is { } subject)
            w.Text(subject);
    }

    public static BrokerEvent Read(ref BodyReader r)
    {
        long seq = r.I64();
        var at = r.Time();
        var kind = (EventKind)r.UpTo((byte)EventKind.ServerChecked);
        byte has = r.UpTo(3);
        var job = (has & 1) != 0 ? (Id: r.Uuid(), Status: JobCodec.ReadStatus(ref r), Attempt: r.Int()) : default;
        return new(seq, at, kind, job.Id, job.Status, job.Attempt, (has & 2) != 0 ? r.Word() : null);
    }
}
