using Drover.Events;
using Drover.Storage;

namespace Drover.Tests.Support;

/// <summary>One node's door to a store that several brokers of a test share; news go straight to the others.</summary>
internal sealed class SharedNode : TroubledStore, ISharedStore
{
    private readonly List<SharedNode> _all;
    private byte[] _workers = [];

    public SharedNode(IJobStore inner, List<SharedNode> all) : base(inner)
    {
        _all = all;
        _all.Add(this);
    }

    public bool IsLeader { get; private set; }

    public ISharedStoreNode Node { get; private set; } = null!;

    public void Join(ISharedStoreNode node) => Node = node;

    public void Tell(in BrokerEvent told)
    {
        foreach (var other in _all)
        {
            if (other != this)
                other.Node.Heard([told]);
        }
    }

    public ValueTask ShowWorkersAsync(ReadOnlyMemory<byte> workers, bool soon, CancellationToken cancel = default)
    {
        Volatile.Write(ref _workers, workers.ToArray());
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel = default) =>
        new([.. _all.Where(other => other != this).Select(other => Volatile.Read(ref other._workers))]);

    public void Lead()
    {
        IsLeader = true;
        Node.Leads();
    }
}
