using Drover.Brokers;
using Drover.NetQueue.Protocol;
using Drover.Storage;
using Drover.Workers;

namespace Drover.NetQueue.Messages;

/// <summary>Workers: who they are, their renewals, finishes and signals.</summary>
internal static class WorkerMessages
{
    // id text | instance_id uuid | host text | process_id int | version text | slots int | queues: count var, (name text, weight int) each
    // | shell bool | job_types texts | labels texts
    public static void WriteDescription(FrameWriter w, WorkerDescription worker)
    {
        w.Text(worker.Id);
        w.Uuid(worker.InstanceId);
        w.Text(worker.Host);
        w.Int(worker.ProcessId);
        w.Text(worker.Version);
        w.Int(worker.Slots);
        w.Count(worker.Queues.Count);
        foreach (var queue in worker.Queues)
        {
            w.Text(queue.Name);
            w.Int(queue.Weight);
        }

        w.Bool(worker.Capabilities.Shell);
        w.Texts(worker.Capabilities.JobTypes);
        w.Texts(worker.Capabilities.Labels);
    }

    public static WorkerDescription ReadDescription(ref BodyReader r)
    {
        string id = r.Word();
        var instance = r.Uuid();
        string host = r.Word();
        int pid = r.Int();
        string version = r.Word();
        int slots = r.Int();
        var queues = new QueueShare[Batch.ReadCount(ref r, 2)];
        for (int i = 0; i < queues.Length; i++)
            queues[i] = new(r.Word(), r.Int());
        bool shell = r.Bool();
        var types = r.Texts().ToHashSet(StringComparer.Ordinal);
        var labels = r.Texts().ToHashSet(StringComparer.Ordinal);
        return new()
        {
            Id = id,
            InstanceId = instance,
            Host = host,
            ProcessId = pid,
            Version = version,
            Slots = slots,
            Queues = queues,
            Capabilities = new(shell, types, labels),
        };
    }

    // description | returns bool: it was attached before, as the same instance | in_hand: count var, token each
    public static void WriteAttach(FrameWriter w, WorkerDescription worker, bool returns, IReadOnlyList<LeaseToken> inHand)
    {
        WriteDescription(w, worker);
        w.Bool(returns);
        WriteTokens(w, inHand);
    }

    public static (WorkerDescription Worker, bool Returns, LeaseToken[] InHand) ReadAttach(ref BodyReader r) =>
        (ReadDescription(ref r), r.Bool(), ReadTokens(ref r));

    // workers: count var, each: description | connected_at time | last_heartbeat time | draining bool | jobs: count var, token each
    public static void WriteWorkers(FrameWriter w, IReadOnlyList<WorkerInfo> workers)
    {
        w.Count(workers.Count);
        foreach (var worker in workers)
        {
            WriteDescription(w, worker.Description);
            w.Time(worker.ConnectedAt);
            w.Time(worker.LastHeartbeat);
            w.Bool(worker.Draining);
            WriteTokens(w, worker.Jobs);
        }
    }

    public static IReadOnlyList<WorkerInfo> ReadWorkers(ref BodyReader r)
    {
        var workers = new WorkerInfo[r.Count(43)];
        for (int i = 0; i < workers.Length; i++)
            workers[i] = new(ReadDescription(ref r), r.Time(), r.Time(), r.Bool(), ReadTokens(ref r));
        return workers;
    }

    // tokens: count var, token each
    public static void WriteTokens(FrameWriter w, IReadOnlyList<LeaseToken> tokens)
    {
        w.Count(tokens.Count);
        for (int i = 0; i < tokens.Count; i++)
            JobCodec.WriteToken(w, tokens[i]);
    }

    public static LeaseToken[] ReadTokens(ref BodyReader r)
    {
        var tokens = new LeaseToken[Batch.ReadCount(ref r, JobCodec.TokenBytes)];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = JobCodec.ReadToken(ref r);
        return tokens;
    }

    // answers: count var, each u8: bit 0 held, bit 1 cancel requested
    public static void WriteRenewed(FrameWriter w, IReadOnlyList<RenewResult> results)
    {
        w.Count(results.Count);
        for (int i = 0; i < results.Count; i++)
            w.U8((byte)((results[i].Held ? 1 : 0) | (results[i].CancelRequested ? 2 : 0)));
    }

    public static IReadOnlyList<RenewResult> ReadRenewed(ref BodyReader r)
    {
        var results = new RenewResult[r.Count(1)];
        for (int i = 0; i < results.Length; i++)
        {
            byte answer = r.UpTo(3);
            results[i] = new((answer & 1) != 0, (answer & 2) != 0);
        }

        return results;
    }

    // finishes: count var, each: token | outcome
    public static void WriteFinishes(FrameWriter w, IReadOnlyList<FinishRequest> finishes)
    {
        w.Count(finishes.Count);
        for (int i = 0; i < finishes.Count; i++)
        {
            JobCodec.WriteToken(w, finishes[i].Lease);
            OutcomeCodec.Write(w, finishes[i].Outcome);
        }
    }

    public static FinishRequest[] ReadFinishes(ref BodyReader r)
    {
        var finishes = new FinishRequest[Batch.ReadCount(ref r, JobCodec.TokenBytes + 2)];
        for (int i = 0; i < finishes.Length; i++)
            finishes[i] = new(JobCodec.ReadToken(ref r), OutcomeCodec.Read(ref r));
        return finishes;
    }

    // kind u8 (0 cancel, 1 drain) | a cancel only: token
    public static void WriteSignal(FrameWriter w, WorkerSignal signal)
    {
        w.U8((byte)signal.Kind);
        if (signal.Kind == WorkerSignalKind.Cancel)
            JobCodec.WriteToken(w, signal.Lease);
    }

    public static WorkerSignal ReadSignal(ref BodyReader r)
    {
        var kind = (WorkerSignalKind)r.UpTo((byte)WorkerSignalKind.Drain);
        return new(kind, kind == WorkerSignalKind.Cancel ? JobCodec.ReadToken(ref r) : default);
    }
}
