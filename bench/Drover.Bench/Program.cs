using Drover.Bench.Engine;
using Drover.Bench.Hangfire;
using Drover.Bench.NetQueue;
using Drover.Bench.Peers;
using Drover.Bench.Postgres;
using Drover.Bench.Ssh;
using Drover.Bench.Store;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    ["ssh", .. var rest] => await SshBench.RunAsync(rest),
    ["engine", .. var rest] => await EngineBench.RunAsync(rest),
    ["postgres", .. var rest] => await PostgresBench.RunAsync(rest),
    ["hangfire", .. var rest] => await HangfireBench.RunAsync(rest),
    ["rows", .. var rest] => await PeersBench.RunAsync(rest),
    ["netqueue", .. var rest] => await NetQueueBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine($"""
        {StoreBench.Usage}
        {EngineBench.Usage}
        {PostgresBench.Usage}
        {NetQueueBench.Usage}
        {HangfireBench.Usage}
        {PeersBench.Usage}
        {SshBench.Usage}
        """);
    return 2;
}
