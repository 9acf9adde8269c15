using Drover.Events;

namespace Drover.Storage;

/// <summary>
/// A store that several nodes use at once, each with a broker of its own. Beside the jobs it carries news between the
/// brokers and says which node does the duties. The jobs in the store are the truth; news only make the others look sooner:
/// every effect of a lost one also comes by itself, though later.
/// </summary>
public interface ISharedStore : IJobStore
{
    /// <summary>
    /// Whether this node does the duties that one node does for all: making due jobs ready, ending lost leases, deleting
    /// old jobs. At most one node should be told so; two for a moment do no harm, since every duty is safe to do twice.
    /// </summary>
    bool IsLeader { get; }

    /// <summary>
    /// Whether it looks by itself, every few seconds, at what there may be to do, and tells the broker
    /// (<see cref="ISharedStoreNode.Saw"/>). Then the broker's duties ask nothing in between.
    /// </summary>
    bool Looks => false;

    /// <summary>The broker of this node says where news go. Called once, before its first <see cref="Tell"/>.</summary>
    void Join(ISharedStoreNode node);

    /// <summary>
    /// Passes an event of this node on to all others, in order, soon and without a promise. Called for every event, under
    /// the feed's lock: it must not block, throw or call back. What is too much to pass on may be left out when the
    /// others are then told <see cref="ISharedStoreNode.Missed"/>; of many <see cref="EventKind.OutputAppended"/> of a
    /// job one is enough.
    /// </summary>
    void Tell(in BrokerEvent told);

    /// <summary>Leaves word of the workers that are connected to this node, in place of what was left before. It holds as long as the node lives.</summary>
    /// <param name="workers">What the other nodes are to read.</param>
    /// <param name="soon">Whether they should find it at once; else with this node's next sign of life, some seconds later.</param>
    /// <param name="cancel">Ends the call.</param>
    ValueTask ShowWorkersAsync(ReadOnlyMemory<byte> workers, bool soon, CancellationToken cancel = default);

    /// <summary>What each other node that lives has left word of; one that was killed counts as alive for some seconds more.</summary>
    ValueTask<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel = default);
}

/// <summary>
/// What the broker does with news of other nodes. All members return at once, throw nothing, and are called one at a time.
/// </summary>
public interface ISharedStoreNode
{
    /// <summary>
    /// Events of other nodes, never this node's own, in the order in which each node published them. The broker puts each
    /// on its own feed (with a seq of its own) and then:
    /// a job that is queued now, or whose queue was resumed, wakes waiting workers;
    /// a <see cref="EventKind.JobUpdated"/> of a running job is a request to cancel and is signalled to the worker that holds the attempt here;
    /// a <see cref="EventKind.WorkerDraining"/> of a worker that is connected here is a request to drain it;
    /// an attempt that ended is taken out of its worker's hands, and those who wait for room under a limit look again;
    /// a job that waits for a time wakes the promotion.
    /// </summary>
    void Heard(IReadOnlyList<BrokerEvent> events);

    /// <summary>
    /// News were lost (the connection broke, there were too many): readers of the feed get <see cref="EventKind.Missed"/>,
    /// every waiting worker looks for jobs, and the promotion looks as well. Cancels come with the next renewal.
    /// Stores also call this every few seconds while they cannot be sure that news arrive.
    /// </summary>
    void Missed();

    /// <summary><see cref="ISharedStore.IsLeader"/> became true: the duties begin here now.</summary>
    void Leads();

    /// <summary>What a store saw that looks by itself (<see cref="ISharedStore.Looks"/>): whatever no news told of is found so.</summary>
    void Saw(in StoreLook look)
    {
    }

    /// <summary>A transaction with requests for the inbox was committed (<see cref="IInboxStore"/>).</summary>
    void InboxFilled()
    {
    }
}

/// <summary>What there may be to do in a shared store.</summary>
/// <param name="Ready">Whether there are ready jobs.</param>
/// <param name="NextDue">How long until the next waiting job is due; null when none waits.</param>
/// <param name="NextLeaseEnd">How long until the next lease runs out unless it is renewed; null when no job runs.</param>
/// <param name="Held">Whether jobs wait for others.</param>
public readonly record struct StoreLook(bool Ready, TimeSpan? NextDue, TimeSpan? NextLeaseEnd, bool Held);
