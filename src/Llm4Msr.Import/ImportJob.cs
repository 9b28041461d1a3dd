using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Import.Engine;

namespace Llm4Msr.Import;

/// <summary>One import, complete enough to be run by another process.</summary>
/// <param name="Folder">What the configuration's paths are counted from.</param>
/// <param name="Output">Folder to fill; it is there and empty.</param>
/// <param name="Scratch">Folder for the database and what it spills; it is there and empty, and afterwards empty again.</param>
/// <param name="Rejects">File for rejected rows; written where there are any.</param>
/// <param name="Memory">Bytes that the whole process may use.</param>
public sealed record ImportJob(ImportConfiguration Configuration, string Folder, string Output, string Scratch, string Rejects, long Memory, int Threads)
{
    public const long DefaultMemory = 3L << 30;

    /// <summary>The least that the database and the encoded tables get by with.</summary>
    public const long LeastMemory = 512L << 20;

    // For the batch that is being written and for all that the database does not count; of a small memory at most half.
    private const long BesideDatabase = 1L << 30;

    /// <param name="progress">Called with what is being done.</param>
    /// <param name="cancellation">Stops at once.</param>
    public DataDescription Run(Action<string>? progress = null, CancellationToken cancellation = default)
    {
        ImportProblems.ThrowIfAny(Configuration, $"The configuration '{Configuration.Name}'");
        var files = Configuration.Files.Select(file => Path.GetFullPath(Path.Combine(Folder, file))).ToList();
        using var database = new DuckDb(new DuckDbLimits(Math.Max(Memory - BesideDatabase, Memory / 2), Threads, Scratch, files));
        using var stop = cancellation.Register(database.Interrupt);
        PatternProblems.ThrowIfAny(Configuration, database);
        var pipeline = new ImportPipeline(Configuration, Folder, Rejects, database, progress ?? (_ => { }));
        try
        {
            var raw = pipeline.Read();
            return PreparedDataWriter.Write(Output, raw, pipeline.Encode, Configuration.Split, Configuration.MinCount, pipeline.Report);
        }
        finally
        {
            if (pipeline.Rejects.Count > 0)
                Engine.Rejects.Write(Rejects, pipeline.Rejects);
        }
    }
}
