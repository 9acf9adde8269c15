using Drover.Bench.Ssh;
using Drover.Bench.Store;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    ["ssh", .. var rest] => await SshBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine($"""
        {StoreBench.Usage}
        {SshBench.Usage}
        """);
    return 2;
}
