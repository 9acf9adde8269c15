using System.Text;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers.Presence;

/// <summary>
/// A node's workers as the others read them. A byte that rises with the format comes first: nodes of two versions that run
/// side by side during an upgrade leave each other's workers out rather than misread them.
/// </summary>
internal static class WorkerBytes
{
    private const byte Version = 1;

    public static byte[] Write(IReadOnlyList<WorkerInfo> workers)
    {
        using var bytes = new MemoryStream();
        using var w = new BinaryWriter(bytes, Encoding.UTF8);
        w.Write(Version);
        w.Write7BitEncodedInt(workers.Count);
        foreach (var worker in workers)
        {
            Write(w, worker.Description);
            w.Write(worker.ConnectedAt.UtcTicks);
            w.Write(worker.LastHeartbeat.UtcTicks);
            w.Write(worker.Draining);
            w.Write7BitEncodedInt(worker.Jobs.Count);
            foreach (var job in worker.Jobs)
            {
                w.Write(job.JobId.ToByteArray());
                w.Write7BitEncodedInt(job.Attempt);
            }
        }

        w.Flush();
        return bytes.ToArray();
    }

    /// <summary>The workers; none when another version wrote them.</summary>
    public static IReadOnlyList<WorkerInfo> Read(ReadOnlyMemory<byte> bytes)
    {
        using var r = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
        if (bytes.IsEmpty || r.ReadByte() != Version)
            return [];
        var workers = new WorkerInfo[r.Read7BitEncodedInt()];
        for (int n = 0; n < workers.Length; n++)
        {
            var description = ReadDescription(r);
            var connected = new DateTimeOffset(r.ReadInt64(), TimeSpan.Zero);
            var heartbeat = new DateTimeOffset(r.ReadInt64(), TimeSpan.Zero);
            bool draining = r.ReadBoolean();
            var jobs = new LeaseToken[r.Read7BitEncodedInt()];
            for (int i = 0; i < jobs.Length; i++)
                jobs[i] = new(new Guid(r.ReadBytes(16)), r.Read7BitEncodedInt());
            workers[n] = new(description, connected, heartbeat, draining, jobs);
        }

        return workers;
    }

    private static void Write(BinaryWriter w, WorkerDescription worker)
    {
        w.Write(worker.Id);
        w.Write(worker.InstanceId.ToByteArray());
        w.Write(worker.Host);
        w.Write(worker.ProcessId);
        w.Write(worker.Version);
        w.Write(worker.Slots);
        w.Write7BitEncodedInt(worker.Queues.Count);
        foreach (var queue in worker.Queues)
        {
            w.Write(queue.Name);
            w.Write(queue.Weight);
        }

        w.Write(worker.Capabilities.Shell);
        Write(w, worker.Capabilities.JobTypes);
        Write(w, worker.Capabilities.Labels);
    }

    private static WorkerDescription ReadDescription(BinaryReader r) => new()
    {
        // In the order in which they were written.
        Id = r.ReadString(),
        InstanceId = new(r.ReadBytes(16)),
        Host = r.ReadString(),
        ProcessId = r.ReadInt32(),
        Version = r.ReadString(),
        Slots = r.ReadInt32(),
        Queues = [.. Enumerable.Range(0, r.Read7BitEncodedInt()).Select(_ => new QueueShare(r.ReadString(), r.ReadInt32()))],
        Capabilities = new(r.ReadBoolean(), ReadTexts(r), ReadTexts(r)),
    };

    private static void Write(BinaryWriter w, IReadOnlySet<string> texts)
    {
        w.Write7BitEncodedInt(texts.Count);
        foreach (string text in texts)
            w.Write(text);
    }

    private static HashSet<string> ReadTexts(BinaryReader r) =>
        Enumerable.Range(0, r.Read7BitEncodedInt()).Select(_ => r.ReadString()).ToHashSet(StringComparer.Ordinal);
}
