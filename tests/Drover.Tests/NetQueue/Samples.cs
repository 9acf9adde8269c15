using Drover.Brokers;
using Drover.Catalog;
using Drover.Events;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Tests.NetQueue;

/// <summary>One frame of every sort, with fixed content: the test vectors of docs/netqueue.md and the seeds of the fuzz test.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset At = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = new("0198a000-0000-7000-8000-000000000001");
    private static readonly LeaseToken Token = new(Id, 1);
    private static readonly CatalogDocument Document = new("server", "s1", "web", 1, "{}"u8.ToArray(), At);
    private static readonly AuditEvent Audited = new(0, At, "ada", "10.0.0.1", "server.create", "s1", null);
    private static readonly HostKey Key = new("ssh-ed25519", "AAAA");

    private static readonly JobSpec Task = new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = "echo", Payload = "{}"u8.ToArray() },
    };

    private static readonly JobSpec Command = new()
    {
        Kind = JobKind.Command,
        Name = "greet",
        Queue = "mail",
        Priority = 1,
        Timeout = TimeSpan.FromSeconds(10),
        Backoff = new() { Kind = BackoffKind.Linear, Delay = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(60), Jitter = 0.5 },
        RunAt = At,
        Tags = ["a", "b"],
        UniqueKey = "u",
        WorkerLabels = ["zone=1"],
        OriginId = Id,
        CreatedBy = "ada",
        Shell = new()
        {
            ServerId = "s1",
            ServerName = "web",
            Command = "echo",
            Args = ["hi", "you"],
            Shell = "/bin/sh",
            Env = new Dictionary<string, string> { ["LANG"] = "C" },
            WorkingDir = "/tmp",
            Stdin = "in",
            Pty = true,
            Unbuffered = true,
        },
    };

    private static readonly JobSpec Script = new()
    {
        Kind = JobKind.Script,
        Delay = TimeSpan.FromSeconds(5),
        Shell = new() { ServerId = "s1", ServerName = "web", Script = "echo hi", ArgsText = "x y" },
    };

    public static readonly JobSpec Tied = Task with
    {
        UniqueKey = "u",
        Unique = new(UniqueUntil.Started, UniqueConflict.Replace) { Window = TimeSpan.FromSeconds(60) },
        LimitKey = "k",
        After = new(Id, AfterOutcome.Always) { IsBatch = true, Delay = TimeSpan.FromSeconds(2) },
        BatchId = Id,
    };

    private static readonly AttemptOutcome Failed = new()
    {
        Kind = OutcomeKind.Failed,
        ExitCode = -1,
        Signal = "KILL",
        Reason = "signal",
        Error = "Killed.",
        Result = "1"u8.ToArray(),
        NeverRetry = true,
        RetryIn = TimeSpan.FromSeconds(1),
        Unconfirmed = true,
        ConnectTime = TimeSpan.FromMilliseconds(1),
    };

    private static readonly WorkerDescription Worker = new()
    {
        Id = "w-1",
        InstanceId = Id,
        Host = "box",
        ProcessId = 42,
        Version = "1.0",
        Slots = 8,
        Queues = [new("mail", 2), new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string> { "zone=1" }),
    };

    private static readonly Job Job = new()
    {
        Id = Id,
        Seq = 7,
        Spec = Task,
        Status = JobStatus.Retrying,
        Priority = 5,
        CreatedAt = At,
        RunAt = At,
        StartedAt = At,
        Attempt = 2,
        AttemptsUsed = 1,
        Outcome = Failed,
        CancelRequestedAt = At,
        CanceledBy = "ada",
        WorkerId = "w-1",
        FinishedAt = At,
        Attempts =
        [
            new() { Number = 1, WorkerId = "w-1", StartedAt = At, FinishedAt = At, Outcome = AttemptOutcome.Exited(3) },
            new() { Number = 2, WorkerId = "w-1", StartedAt = At },
        ],
    };

    private static readonly SshTarget Target = new()
    {
        ServerId = "s1",
        ServerName = "web",
        Host = "web.example",
        User = "deploy",
        Revision = 3,
        HostKey = Key,
        Credential = new() { PrivateKey = "key"u8.ToArray(), Passphrase = "pass" },
        Jump = new() { ServerId = "s0", ServerName = "gate", Host = "gate.example", Port = 2222, User = "root", Revision = 1, Credential = new() { Password = "pw" }, HostKeyPolicy = HostKeyPolicy.Strict },
    };

    private static Lease LeaseOf(JobSpec spec, ExecutionTarget? target) =>
        new() { Token = Token, Spec = spec, ReadyAt = At, StartedAt = At, FirstOutputSeq = 1, Target = target };

    public static IReadOnlyDictionary<string, byte[]> Frames { get; } = new Dictionary<string, byte[]>
    {
        ["hello"] = Frame(FrameType.Hello, w => new Hello(1, 1, "secret", Id, "test/1").Write(w)),
        ["welcome"] = Reply(FrameType.Hello, w => new Welcome(1, NetQueueRoles.Admin, 67108864, 10000, 4096, TimeSpan.FromSeconds(15), 9, "drover/0.1.0").Write(w)),
        ["ping"] = Frame(FrameType.Ping, w => w.Bool(true)),
        ["pong"] = Reply(FrameType.Ping, w => w.I64(9)),
        ["goodbye"] = Frame(FrameType.Goodbye, _ => { }),
        ["enqueue task"] = Frame(FrameType.Enqueue, w => EnqueueMessages.Write(w, new(Task) { FirstId = Id })),
        ["enqueue command and script"] = Frame(FrameType.Enqueue, w => EnqueueMessages.Write(w, new([Command, Script], "key", "digest") { FirstId = Id })),
        ["enqueue tied task"] = Frame(FrameType.Enqueue, w => EnqueueMessages.Write(w, new(Tied) { FirstId = Id })),
        ["enqueued"] = Reply(FrameType.Enqueue, w => EnqueueMessages.WriteReply(w, new([new(Id, JobStatus.Queued, false)], false), 9)),
        ["cancel"] = Frame(FrameType.Cancel, w => ChangeMessages.WriteCancel(w, [Id], "ada")),
        ["canceled"] = Reply(FrameType.Cancel, w => ChangeMessages.WriteReply(w, [new(Id, ChangeResult.Accepted, JobStatus.Running, JobStatus.Running, "mail", 1, "w-1")], 9)),
        ["retry"] = Frame(FrameType.Retry, w => ChangeMessages.WriteIds(w, [Id])),
        ["update"] = Frame(FrameType.Update, w => ChangeMessages.WriteUpdate(w, Id, new(2, At))),
        ["delete"] = Frame(FrameType.Delete, w => ChangeMessages.WriteIds(w, [Id])),
        ["get"] = Frame(FrameType.Get, w => ChangeMessages.WriteIds(w, [Id])),
        ["got"] = Reply(FrameType.Get, w => ChangeMessages.WriteJobs(w, [Job, null])),
        ["list"] = Frame(FrameType.List, w => QueryMessages.WriteQuery(w, new(Filter, JobSort.FinishedDescending, 20, "cursor"))),
        ["listed"] = Reply(FrameType.List, w => QueryMessages.WritePage(w, new([Job with { Attempts = [] }], "next"))),
        ["count"] = Frame(FrameType.Count, w => QueryMessages.WriteFilter(w, JobFilter.All)),
        ["counted"] = Reply(FrameType.Count, w => QueryMessages.WriteCounts(w, new(1, 2, 3, 4, 5, 6, 7))),
        ["read output"] = Frame(FrameType.ReadOutput, w => OutputMessages.WriteQuery(w, new(Id, 3, OutputStream.Stderr, 1, 100, true, 50))),
        ["output page"] = Reply(FrameType.ReadOutput, w => OutputMessages.WritePage(w, new([new(4, At, 1, OutputStream.Stderr, "oh"u8.ToArray()), new(5, At, 1, OutputStream.Gap, default, 70)], 5, true))),
        ["throughput"] = Frame(FrameType.Throughput, w => QueryMessages.WriteThroughputQuery(w, At, At.AddHours(1), TimeSpan.FromMinutes(1))),
        ["throughput points"] = Reply(FrameType.Throughput, w => QueryMessages.WriteThroughput(w, [new(At, 1, 2, 3, TimeSpan.FromSeconds(1)), new(At, 0, 0, 0, null)])),
        ["queues"] = Frame(FrameType.Queues, _ => { }),
        ["queue stats"] = Reply(FrameType.Queues, w => QueueMessages.WriteStats(w, [new(new("mail", true, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 2, 3, At), 2, 2.5, 1.5, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2))])),
        ["pause"] = Frame(FrameType.SetPaused, w => QueueMessages.WritePause(w, "mail", true)),
        ["limits"] = Frame(FrameType.SetLimits, w => QueueMessages.WriteLimits(w, new Dictionary<string, int?> { ["server:s1"] = 2, ["server:s2"] = null })),
        ["workers"] = Frame(FrameType.Workers, _ => { }),
        ["worker list"] = Reply(FrameType.Workers, w => WorkerMessages.WriteWorkers(w, [new(Worker, At, At, true, [Token])])),
        ["drain worker"] = Frame(FrameType.DrainWorker, w => w.Text("w-1")),
        ["attach"] = Frame(FrameType.Attach, w => WorkerMessages.WriteAttach(w, Worker, true, [Token])),
        ["lease"] = Frame(FrameType.Lease, w => w.Int(8)),
        ["leased task"] = Reply(FrameType.Lease, w => LeaseMessages.Write(w, [LeaseOf(Task, null)], 9, secure: true)),
        ["leased command on ssh"] = Reply(FrameType.Lease, w => LeaseMessages.Write(w, [LeaseOf(Script, Target), LeaseOf(Script, new LocalTarget { ServerId = "s2", ServerName = "local" })], 9, secure: true)),
        ["withdraw"] = Frame(FrameType.Withdraw, w => w.U32(1)),
        ["renew"] = Frame(FrameType.Renew, w => WorkerMessages.WriteTokens(w, [Token])),
        ["renewed"] = Reply(FrameType.Renew, w => WorkerMessages.WriteRenewed(w, [new(true, true)])),
        ["output"] = Frame(FrameType.Output, w => OutputMessages.WriteAppend(w, Token, [new(1, At, 1, OutputStream.Stdout, "hi\n"u8.ToArray())], new(2, 9, 100, At))),
        ["finish"] = Frame(FrameType.Finish, w => WorkerMessages.WriteFinishes(w, [new(Token, Failed), new(Token, AttemptOutcome.Exited(0))])),
        ["report host key"] = Frame(FrameType.ReportHostKey, w => LeaseMessages.WriteHostKeyReport(w, "s1", Key)),
        ["subscribe"] = Frame(FrameType.Subscribe, w => EventMessages.WriteSubscribe(w, EventTopics.Jobs | EventTopics.Output, 9, Id)),
        ["unsubscribe"] = Frame(FrameType.Unsubscribe, w => w.U32(1)),
        ["catalog get"] = Frame(FrameType.CatalogGet, w => CatalogMessages.WriteKey(w, "server", "s1")),
        ["catalog got"] = Reply(FrameType.CatalogGet, w => CatalogMessages.WriteFound(w, Document)),
        ["catalog got nothing"] = Reply(FrameType.CatalogGet, w => CatalogMessages.WriteFound(w, null)),
        ["catalog find"] = Frame(FrameType.CatalogFind, w => CatalogMessages.WriteKey(w, "server", "web")),
        ["catalog list"] = Frame(FrameType.CatalogList, w => w.Text("server")),
        ["catalog listed"] = Reply(FrameType.CatalogList, w => CatalogMessages.WriteDocuments(w, [Document])),
        ["catalog create"] = Frame(FrameType.CatalogCreate, w => CatalogMessages.WriteDocument(w, Document with { Version = 0 })),
        ["catalog created"] = Reply(FrameType.CatalogCreate, w => CatalogMessages.WriteDocument(w, Document)),
        ["catalog update"] = Frame(FrameType.CatalogUpdate, w => CatalogMessages.WriteDocument(w, Document)),
        ["catalog delete"] = Frame(FrameType.CatalogDelete, w => CatalogMessages.WriteDelete(w, "server", "s1", 1)),
        ["catalog deleted"] = Reply(FrameType.CatalogDelete, w => w.Bool(true)),
        ["audit append"] = Frame(FrameType.AuditAppend, w => CatalogMessages.WriteAudit(w, [Audited])),
        ["audit list"] = Frame(FrameType.AuditList, w => CatalogMessages.WriteAuditQuery(w, 9, 50)),
        ["audit listed"] = Reply(FrameType.AuditList, w => CatalogMessages.WriteAudit(w, [Audited with { Id = 8 }])),
        ["publish"] = Frame(FrameType.Publish, w => CatalogMessages.WritePublish(w, EventKind.ServerChanged, "s1")),
        ["events"] = Frame(FrameType.Events, w =>
        {
            EventMessages.Write(w, new(10, At, EventKind.JobChanged, Id, JobStatus.Running, 1, "mail"));
            EventMessages.Write(w, new(11, At, EventKind.Missed));
        }),
        ["signal cancel"] = Frame(FrameType.Signal, w => WorkerMessages.WriteSignal(w, new(WorkerSignalKind.Cancel, Token)), id: 0),
        ["signal drain"] = Frame(FrameType.Signal, w => WorkerMessages.WriteSignal(w, new(WorkerSignalKind.Drain)), id: 0),
        ["going away"] = Frame(FrameType.GoingAway, _ => { }, id: 0),
        ["error validation"] = Frame(FrameType.Error, w => Error(w, new JobValidationException(new Dictionary<string, string[]> { ["priority"] = ["too high"] }))),
        ["error queue full"] = Frame(FrameType.Error, w => Error(w, new QueueFullException("mail", 5))),
        ["error conflict"] = Frame(FrameType.Error, w => Error(w, new IdempotencyConflictException("key"))),
        ["error unavailable"] = Frame(FrameType.Error, w => Error(w, new StoreUnavailableException("disk full") { InDoubt = true })),
        ["error id taken"] = Frame(FrameType.Error, w => Error(w, new JobIdTakenException(Id))),
        ["error catalog conflict"] = Frame(FrameType.Error, w => Error(w, new CatalogConflictException("taken", nameTaken: true))),
        ["error unauthorized"] = Frame(FrameType.Error, w => ErrorMessages.Write(w, ErrorCode.Unauthorized, "no"), id: 0),
    };

    private static JobFilter Filter => new()
    {
        Statuses = [JobStatus.Queued, JobStatus.Failed],
        ServerId = "s1",
        Queue = "mail",
        Kind = JobKind.Task,
        JobType = "echo",
        Tag = "a",
        Priority = 1,
        CreatedAfter = At,
        CreatedBefore = At,
        Text = "x",
        OriginId = Id,
    };

    private static void Error(FrameWriter w, Exception e)
    {
        var (code, message) = ErrorMessages.Describe(e);
        ErrorMessages.Write(w, code, message, e);
    }

    private static byte[] Reply(FrameType type, Action<FrameWriter> body) => Frame(type | FrameType.Reply, body);

    private static byte[] Frame(FrameType type, Action<FrameWriter> body, uint id = 1)
    {
        using var w = new FrameWriter();
        w.Begin(type, id);
        body(w);
        w.End();
        return w.Written.ToArray();
    }
}
