using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Limits;
using Drover.NetQueue;
using Drover.Postgres;
using Drover.Schedules;
using Drover.Servers;
using Drover.Sqlite;
using Drover.Storage;
using Drover.Testing;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Drover.Hosting;

/// <summary>What a program says about its jobs: where they are kept, which kinds there are, and who runs them.</summary>
public sealed class DroverBuilder
{
    private readonly IServiceCollection _services;

    internal DroverBuilder(IServiceCollection services) => _services = services;

    internal Dictionary<Type, JobKindInfo> Kinds { get; } = [];

    internal List<JobMiddleware> Middleware { get; } = [];

    internal List<ScheduleDeclaration> Schedules { get; } = [];

    internal bool HasStore { get; private set; }

    /// <summary>Whether the queue is in this process, which then fires schedules; in a cluster its queue server does.</summary>
    internal bool HasQueue { get; private set; }

    /// <summary>How jobs are run here: slots, queues, labels. A graceful shutdown of 25 s fits into the host's own 30 s.</summary>
    public WorkerOptions Worker { get; set; } = new() { GracefulShutdown = TimeSpan.FromSeconds(25) };

    /// <summary>How the queue works when it is in this process: retention and lease.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>
    /// Limits by key: <c>queue:NAME</c> for all jobs of a queue, <c>key:KEY</c> for jobs with that <see cref="JobOptions.LimitKey"/>. They hold when the
    /// queue is in this process; a cluster's limits are set there. A limit that somebody set by the API takes the place of one here.
    /// </summary>
    public Dictionary<string, JobLimit> Limits { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The schema of Drover's tables in the database whose transactions enqueue jobs; <see cref="UsePostgres(string)"/> sets it. A program that
    /// joins a cluster by <see cref="UseNetQueue(string, string)"/> sets it when the cluster's is not <c>drover</c>.
    /// </summary>
    public string PostgresSchema { get; set; } = "drover";

    /// <summary>Keeps jobs in a SQLite database of this program's own. One process uses a folder at a time.</summary>
    /// <param name="folder">The folder of the data files, relative to the current one; made when it is not there.</param>
    public DroverBuilder UseSqlite(string folder) => UseSqlite(new SqliteOptions { Directory = folder });

    /// <inheritdoc cref="UseSqlite(string)"/>
    /// <param name="options">Where and how.</param>
    public DroverBuilder UseSqlite(SqliteOptions options)
    {
        TakeStore();
        // A container makes its services without waiting; opening happens once, when the program starts.
        _services.AddSingleton(provider => SqliteDatabase.OpenAsync(options, TimeOf(provider), LogsOf(provider)).AsTask().GetAwaiter().GetResult());
        _services.TryAddSingleton(provider => provider.GetRequiredService<SqliteDatabase>().Catalog);
        _services.TryAddSingleton(provider => provider.GetRequiredService<SqliteDatabase>().Audit);
        UseLocalBroker(provider => provider.GetRequiredService<SqliteDatabase>().Jobs);
        return this;
    }

    /// <summary>
    /// Keeps jobs in a PostgreSQL database that any number of programs use at once, nodes of a Drover cluster among them. When the program's
    /// own tables are in the same database, jobs can be enqueued in its transactions (<see cref="JobTransactions"/>).
    /// </summary>
    /// <param name="url"><c>postgres://USER:PASSWORD@HOST:PORT/DATABASE</c>.</param>
    public DroverBuilder UsePostgres(string url) => UsePostgres(new PostgresOptions { Url = url });

    /// <inheritdoc cref="UsePostgres(string)"/>
    /// <param name="options">Where and how.</param>
    public DroverBuilder UsePostgres(PostgresOptions options)
    {
        TakeStore();
        PostgresSchema = options.Schema;
        _services.AddSingleton(provider => PostgresDatabase.OpenAsync(options, TimeOf(provider), LogsOf(provider)).GetAwaiter().GetResult());
        _services.TryAddSingleton(provider => provider.GetRequiredService<PostgresDatabase>().Catalog);
        _services.TryAddSingleton(provider => provider.GetRequiredService<PostgresDatabase>().Audit);
        UseLocalBroker(provider => provider.GetRequiredService<PostgresDatabase>().Jobs);
        NameWorker();
        return this;
    }

    /// <summary>
    /// Keeps jobs in a store that the program brings, for instance <see cref="InMemoryJobStore"/>. The container does not dispose of it.
    /// Schedules, limits that people set and the audit log are kept in memory, unless an <see cref="ICatalog"/> and an <see cref="IAuditLog"/> are
    /// among the services.
    /// </summary>
    public DroverBuilder UseStore(IJobStore store)
    {
        TakeStore();
        _services.TryAddSingleton(provider => new InMemoryCatalog(TimeOf(provider)));
        _services.TryAddSingleton<ICatalog>(provider => provider.GetRequiredService<InMemoryCatalog>());
        _services.TryAddSingleton<IAuditLog>(provider => provider.GetRequiredService<InMemoryCatalog>());
        UseLocalBroker(_ => store);
        return this;
    }

    /// <summary>Joins a Drover cluster: jobs go to its queue server, and the handlers here serve it beside other workers.</summary>
    /// <param name="address"><c>netqueue://HOST:PORT</c>.</param>
    /// <param name="token">A producer's token to enqueue, a worker's to run jobs, an admin's for both or for schedules; empty for a server that wants none.</param>
    /// <exception cref="ArgumentException">The address cannot be read.</exception>
    public DroverBuilder UseNetQueue(string address, string token) => UseNetQueue(NetQueueClientOptions.Parse(address, token));

    /// <inheritdoc cref="UseNetQueue(string, string)"/>
    /// <param name="options">Which queue server, and how patient to be.</param>
    public DroverBuilder UseNetQueue(NetQueueClientOptions options)
    {
        TakeStore();
        _services.AddSingleton(provider => new NetQueueBroker(options, TimeOf(provider), LogsOf(provider)));
        _services.AddSingleton<IBroker>(provider => provider.GetRequiredService<NetQueueBroker>());
        _services.TryAddSingleton(provider => provider.GetRequiredService<NetQueueBroker>().Catalog.Catalog);
        _services.TryAddSingleton(provider => provider.GetRequiredService<NetQueueBroker>().Catalog.Audit);
        AddSchedules();
        NameWorker();
        return this;
    }

    /// <summary>Names a kind of job that this program enqueues and others run.</summary>
    /// <param name="json">The payload's type for JSON, from a source-generated context.</param>
    /// <param name="configure">What holds for every job of the kind.</param>
    /// <exception cref="ArgumentException">The type has no <see cref="JobKindAttribute"/>, a wrong one, or is there already.</exception>
    public DroverBuilder AddJob<TJob>(JsonTypeInfo<TJob> json, Action<KindOptions<TJob>>? configure = null) => Add(json, configure, null);

    /// <summary>Names a kind of job and the class that runs it.</summary>
    /// <inheritdoc cref="AddJob{TJob}"/>
    public DroverBuilder AddHandler<TJob, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        JsonTypeInfo<TJob> json, Action<KindOptions<TJob>>? configure = null)
        where THandler : class, IJobHandler<TJob>
    {
        _services.TryAddScoped<THandler>();
        return Add(json, configure, static (services, job, context, cancel) => services.GetRequiredService<THandler>().HandleAsync(job, context, cancel));
    }

    /// <summary>Names a kind of job and the function that runs it; services are in <see cref="JobContext.Services"/>.</summary>
    /// <inheritdoc cref="AddJob{TJob}"/>
    public DroverBuilder AddHandler<TJob>(
        JsonTypeInfo<TJob> json, Func<TJob, JobContext, CancellationToken, ValueTask> handler, Action<KindOptions<TJob>>? configure = null) =>
        Add(json, configure, (_, job, context, cancel) => handler(job, context, cancel));

    /// <summary>
    /// Names a job that is enqueued again and again. At each start the schedule of this name is made so, whatever somebody changed meanwhile; only
    /// whether it is paused stays, and so does its next time unless expression or time zone change. However many programs there are, each firing
    /// enqueues one job. One that is named no more stays until it is removed (<see cref="IScheduleClient.RemoveAsync"/>). In a cluster
    /// (<see cref="UseNetQueue(string, string)"/>) it needs an admin's token.
    /// </summary>
    /// <param name="name">Its name, unique without regard to case: 1 to 80 characters.</param>
    /// <param name="cron">When: five fields (minute, hour, day of month, month, weekday), or six with the second first.</param>
    /// <param name="job">The payload of each of its jobs, of a type named with <c>AddHandler</c> or <c>AddJob</c>, before this or after.</param>
    /// <param name="options">How it differs from the usual (UTC; missed firings are left out, as are those while the last job runs); null for not at all.</param>
    public DroverBuilder AddSchedule<TJob>(string name, string cron, TJob job, ScheduleOptions? options = null)
    {
        Schedules.Add(new(name, kinds => ScheduleClient.Make(kinds, name, cron, job, options, TimeProvider.System)));
        return this;
    }

    /// <summary>Puts code around every handler; the first named is the outermost.</summary>
    public DroverBuilder Use(JobMiddleware middleware)
    {
        Middleware.Add(middleware);
        return this;
    }

    private DroverBuilder Add<TJob>(JsonTypeInfo<TJob> json, Action<KindOptions<TJob>>? configure, JobCall<TJob>? handler)
    {
        var options = new KindOptions<TJob>();
        configure?.Invoke(options);
        var kind = new JobKindInfo<TJob>(json, options, handler);
        if (Kinds.FirstOrDefault(other => other.Value.Name == kind.Name).Key is { } other)
            throw new ArgumentException($"The kind '{kind.Name}' is named twice, for {other.Name} and for {typeof(TJob).Name}: each is named once, with AddHandler or with AddJob.");
        Kinds.Add(typeof(TJob), kind);
        return this;
    }

    /// <summary>A program beside another one's worker on the same host must not take that one's name.</summary>
    private void NameWorker() => Worker = Worker with { Name = Environment.ProcessId.ToString(CultureInfo.InvariantCulture) };

    /// <summary>One for all who write and watch them.</summary>
    private void AddSchedules() => _services.TryAddSingleton(provider => new ScheduleCatalog(provider.GetRequiredService<ICatalog>(), TimeOf(provider)));

    private void TakeStore()
    {
        if (HasStore)
            throw new InvalidOperationException("Jobs are kept in one place: name one of UseSqlite, UsePostgres, UseStore and UseNetQueue.");
        HasStore = true;
    }

    private void UseLocalBroker(Func<IServiceProvider, IJobStore> store)
    {
        HasQueue = true;
        AddSchedules();
        _services.TryAddSingleton(provider => new LimitCatalog(provider.GetRequiredService<ICatalog>()));
        _services.AddSingleton(provider =>
            new Broker(store(provider), provider.GetService<ITargetResolver>(), Broker, TimeOf(provider), LogsOf(provider)));
        _services.AddSingleton<IBroker>(provider => provider.GetRequiredService<Broker>());
        _services.AddHostedService(provider => provider.GetRequiredService<Broker>());
        _services.AddHostedService(provider => new LimitKeeper(
            provider.GetRequiredService<LimitCatalog>(), Limits, provider.GetRequiredService<Broker>(), TimeOf(provider), LogsOf(provider)));
    }

    internal static TimeProvider TimeOf(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();

    internal static ILoggerFactory LogsOf(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>();
}
