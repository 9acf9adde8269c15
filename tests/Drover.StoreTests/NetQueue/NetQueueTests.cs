using Drover.StoreTests.Brokers;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

public sealed class NetQueueJobs : JobConformance
{
    protected override TestSystem NewSystem() => new NetQueueSystem(new InMemoryHome());
}

public sealed class NetQueueBrokers : BrokerConformance
{
    protected override TestSystem NewSystem() => new NetQueueSystem(new InMemoryHome());
}
