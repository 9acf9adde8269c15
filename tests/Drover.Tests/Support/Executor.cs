using Drover.Jobs;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Tests.Support;

/// <summary>Runs commands by a function of the test.</summary>
internal sealed class Executor(Func<Drover.Workers.ExecutionContext, ValueTask<AttemptOutcome>> run, bool accepts = true) : IJobExecutor
{
    public bool Accepts(Lease lease) => accepts;

    public ValueTask<AttemptOutcome> ExecuteAsync(Drover.Workers.ExecutionContext context) => run(context);
}
